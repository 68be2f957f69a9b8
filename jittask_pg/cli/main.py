"""The command ``jittask``: assembles the groups, and turns every error into a few plain lines."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click
import psycopg

from ..errors import JitTaskError, from_database
from ..version import __version__

__all__ = ["cli", "main"]

_COMMANDS: Mapping[str, str] = {
    "init": "schema:init",
    "migrate": "schema:migrate",
    "sql": "schema:sql",
    "uninstall": "schema:uninstall",
    "dev": "dev:dev",
    "demo": "demo:demo",
    "worker": "worker:worker",
    "task": "task:task",
    "enqueue": "occurrence:enqueue",
    "records": "records:records",
    "cancel": "occurrence:cancel",
    "retry": "occurrence:retry",
    "run-now": "occurrence:run_now",
    "preview": "plan:preview",
    "explain": "plan:explain",
    "rehearse": "rehearse:rehearse",
    "apply": "apply:apply",
    "export": "export:export",
    "calendar": "calendar:calendar",
    "reconcile": "source:reconcile",
    "attach": "source:attach",
    "detach": "source:detach",
    "queue": "queue:queue",
    "setting": "setting:setting",
    "pg-cron": "pg_cron:pg_cron",
    "status": "status:status",
    "doctor": "doctor:doctor",
    "completion": "completion:completion",
}
"""Name of each command and where it is: module and attribute. Without its module a command is not offered."""

_DEBUG_VARIABLE = "JITTASK_DEBUG"


class Cli(click.Group):
    """A group that imports a command when it is asked for, and lets no traceback through."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if _exists(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS or not _exists(cmd_name):
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(f".{module}", __package__), attribute)
        assert isinstance(command, click.Command)
        return command

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        try:
            result = super().main(*args, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted", err=True)
            sys.exit(1)
        except BrokenPipeError:
            _leave_silently()
        except JitTaskError as error:
            _complain(error)
        except psycopg.Error as error:
            _complain(from_database(error))
        except Exception as error:
            if os.environ.get(_DEBUG_VARIABLE):
                raise
            _complain(
                JitTaskError(
                    "This should not have happened",
                    f"{type(error).__name__}: {error}",
                    f"Run it again with {_DEBUG_VARIABLE}=1 in the environment, and report what it prints",
                )
            )
        sys.exit(result if isinstance(result, int) else 0)


def _exists(name: str) -> bool:
    return importlib.util.find_spec(f".{_COMMANDS[name].split(':')[0]}", __package__) is not None


def _complain(error: JitTaskError) -> NoReturn:
    lines = [f"Error: {error.fact}", *(line for line in (error.value, error.way_out) if line)]
    try:
        click.echo("\n  ".join(lines), err=True)
    except BrokenPipeError:
        _leave_silently()
    sys.exit(1)


def _leave_silently() -> NoReturn:
    # Nobody reads any more; the interpreter would complain when it flushes at exit.
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives until the process ends
    sys.exit(1)


@click.command(
    cls=Cli,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command has --help, with examples, and --json. Exit codes: 0 done, 1 failed, 2 usage.",
)
@click.version_option(__version__, "--version", prog_name="jittask")
def cli() -> None:
    """A scheduler inside an ordinary Postgres.

    \b
    First steps:
      export JITTASK_DSN=postgresql://localhost/app
      jittask init --timezone Asia/Shanghai
      jittask task add sales_report --handler myapp.tasks.report --repeat daily --at 09:00
      jittask worker --import myapp.tasks
      jittask records
    """


def main() -> None:
    """Entry point of the console script."""
    cli(prog_name="jittask")
