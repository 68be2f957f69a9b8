"""What holds for every command: help that teaches, exit codes, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from jittask_pg.cli.main import _COMMANDS, cli

from .conftest import Run, runner

PROGRAM = [sys.executable, "-c", "from jittask_pg.cli.main import main; main()"]


def commands() -> Iterator[tuple[str, click.Command]]:
    def below(path: list[str], command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from below([*path, name], found)
        else:
            yield " ".join(path), command

    return below([], cli)


ALL = dict(commands())


@pytest.mark.parametrize("path", ALL)
def test_help_explains_and_gives_an_example(path: str) -> None:
    text = runner()(*path.split(), "--help").out
    assert "Example" in text
    assert f"jittask {path}" in text


@pytest.mark.parametrize("path", [path for path in ALL if path not in ("sql", "dev", "completion")])
def test_it_takes_a_dsn(path: str) -> None:
    assert (
        "dsn" in {part.removesuffix("s") for part in (p.name or "" for p in ALL[path].params)}
        or path == "demo"
    )


@pytest.mark.parametrize("path", [path for path in ALL if path not in ("sql", "worker", "completion")])
def test_it_answers_in_json(path: str) -> None:
    assert "as_json" in {parameter.name for parameter in ALL[path].params}


def test_a_database_that_cannot_be_reached_is_three_plain_lines() -> None:
    answer = runner()("status", "--dsn", "postgresql://u:secret@/x?host=/nowhere", code=1)
    lines = answer.err.strip().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Error: Cannot connect")
    assert "secret" not in answer.err


def test_a_dsn_that_cannot_be_read_is_refused() -> None:
    answer = runner()("status", "--dsn", "host=a nonsense", code=1)
    assert "cannot be read" in answer.err


def test_without_any_dsn_the_way_to_give_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JITTASK_DSN", raising=False)
    assert "--dsn" in runner()("status", code=1).err


def test_unknown_commands_and_options_are_wrong_usage(run: Run) -> None:
    assert "No such command" in run("nonsense", code=2).err
    assert "No such option" in run("status", "--nonsense", code=2).err


def test_an_error_that_nobody_foresaw_shows_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("jittask_pg.statements.status.installation", fail)
    answer = run("status", code=1)
    assert "RuntimeError: a bug" in answer.err
    assert "JITTASK_DEBUG" in answer.err


def test_ctrl_c_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jittask_pg.statements.status.installation", interrupt)
    assert run("status", code=1).err.strip().splitlines()[-1] == "Interrupted"


def test_a_reader_that_goes_away_is_no_error_message(database: str) -> None:
    command = [*PROGRAM, "sql"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    complaint = process.stderr.read()
    process.wait()
    assert complaint == ""


def test_an_older_schema_is_answered_with_the_command_to_run(
    databases: object, fresh_database: object
) -> None:
    dsn = fresh_database(installed=False)  # type: ignore[operator]
    answer = runner()("task", "list", "--dsn", dsn, code=1)
    assert "jittask migrate --dsn" in answer.err


def test_the_script_is_printed_without_a_database() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "JITTASK_DSN"}
    done = subprocess.run([*PROGRAM, "sql"], env=environment, capture_output=True, text=True, check=True)
    assert "create schema jittask" in done.stdout


def test_completion_is_printed_for_each_shell() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_JITTASK_COMPLETE" in runner()("completion", shell).out
    assert runner()("completion", "csh", code=2).err


def test_task_names_are_completed(run: Run, database: str) -> None:
    run("task", "add", "completed_task", "--handler", "a.b", "--start", "2099-01-01")
    environment = {
        **os.environ,
        "JITTASK_DSN": database,
        "_JITTASK_COMPLETE": "bash_complete",
        "COMP_WORDS": "jittask explain completed_",
        "COMP_CWORD": "2",
    }
    # The shell finds the program by its name, so it has to be told here.
    program = "import sys; sys.argv = ['jittask']; from jittask_pg.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert "completed_task" in done.stdout


def test_every_command_of_the_table_that_has_a_module_is_offered() -> None:
    assert {path.split()[0] for path in ALL} <= set(_COMMANDS)
    assert len({path.split()[0] for path in ALL}) >= 22
