"""What workers log to standard error."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_process_tells_when_it_begins_and_ends_and_whose_run_says_what(
    processes: int,
    fresh_database: Callable[..., str],
) -> None:
    dsn = fresh_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select jittask.enqueue('w.about')").fetchone()
        assert row is not None
        command = ["-m", "jittask_pg", "worker", "--import", "tests.worker.functions", "--dsn", dsn]
        with subprocess.Popen(
            [sys.executable, *command, "--processes", str(processes)],
            cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as worker:  # fmt: skip
            _await(connection, row[0])
            worker.send_signal(signal.SIGTERM)
            _, said = worker.communicate(timeout=20)
    lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ ", "", line) for line in said.splitlines()]
    assert sum("claims from" in line for line in lines) == processes
    assert sum(bool(re.fullmatch(r"INFO worker \S+ ends", line)) for line in lines) == processes
    assert f"INFO occurrence {row[0]}: about to answer" in lines
    assert all(line.startswith("INFO ") for line in lines), said


def _await(connection: psycopg.Connection[Any], occurrence_id: int) -> None:
    end = time.monotonic() + 20
    query = "select count(*) from jittask.run_history where occurrence_id = %s"
    while connection.execute(query, [occurrence_id]).fetchone() != (1,):
        assert time.monotonic() < end
        time.sleep(0.02)
