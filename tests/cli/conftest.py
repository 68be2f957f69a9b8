"""Runs of the command line against the module's database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from jittask_pg.cli.main import cli


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``jittask`` with the given words, on the module's database; `code` is what it has to end with."""
    monkeypatch.setenv("JITTASK_DSN", database)
    return runner()


def runner() -> Run:
    def run_words(*words: str, code: int = 0, stdin: str | None = None) -> Answer:
        result = CliRunner().invoke(cli, list(words), input=stdin, prog_name="jittask")
        assert result.exit_code == code, (words, result.exit_code, result.output)
        assert "Traceback" not in result.output
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run_words
