"""The fixtures for users' own tests, in a pytest of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

USERS_TESTS = """
from datetime import timedelta

import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_it_ticks(jittask_rehearsal, n):
    rehearsal = jittask_rehearsal("2030-01-07T12:00:00+00:00", {"tick": lambda: "tock"})
    rehearsal.connection.execute(
        "insert into jittask.task (name, kind, handler, start_at) values ('tick', 'scheduled', 'tick', '2030-01-07 13:00Z')"
    )
    assert [run.result for run in rehearsal.advance(timedelta(hours=1))] == ["tock"]
"""


@pytest.mark.parametrize(
    ("installed", "named", "outcome"),
    [(True, True, "2 passed"), (False, True, "2 passed"), (True, False, "2 skipped")],
)
def test_rehearsals_begin_empty(
    installed: bool, named: bool, outcome: str, fresh_database: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "test_ticks.py").write_text(USERS_TESTS)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("JITTASK_REHEARSAL_DSN", None)
    options = ["--jittask-dsn", fresh_database(installed=installed)] if named else []
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome in run.stdout, run.stdout + run.stderr
