"""Worker processes from outside: signals, deaths, refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .conftest import Records

Enqueue = Callable[..., int]

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from jittask_pg.worker import WorkerOptions, run_workers
sys.exit(run_workers(WorkerOptions(dsns=(sys.argv[1],), imports=("tests.worker.functions",), processes=int(sys.argv[2]),
                                   grace=float(sys.argv[3]))))
"""


@contextmanager
def workers(dsn: str, processes: int, grace: float = 5.0) -> Generator[subprocess.Popen[str], None, None]:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, dsn, str(processes), str(grace)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield program
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        if program.stderr is not None:
            program.stderr.close()


def pids(connection: psycopg.Connection, count: int) -> list[int]:
    """Process ids of the workers that made themselves known, as soon as there are so many."""
    for _ in range(2000):
        rows = connection.execute("select pid from jittask.worker order by worker_id").fetchall()
        if len(rows) >= count:
            return [row[0] for row in rows]
        time.sleep(0.01)
    raise AssertionError(rows)


@pytest.fixture
def fresh(fresh_database: Callable[..., str]) -> str:
    return fresh_database()


@pytest.fixture
def connection(fresh: str) -> Any:
    with psycopg.connect(fresh, autocommit=True) as session:
        yield session


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_with_code_0_and_what_runs_first(
    processes: int,
    number: signal.Signals,
    fresh: str,
    connection: psycopg.Connection,
    enqueue: Enqueue,
    record: Records,
) -> None:
    with workers(fresh, processes) as program:
        pids(connection, processes)
        occurrence = enqueue("w.hold", '{"seconds": 1}')
        record(occurrence, "executing")
        program.send_signal(number)
        assert program.wait(10) == 0
    assert record(occurrence)["status"] == "completed"
    assert connection.execute("select count(*) from jittask.worker").fetchone() == (0,)
    assert connection.execute("select count(*) from jittask.lease").fetchone() == (0,)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_signal_ends_at_once_and_gives_back(
    processes: int, fresh: str, connection: psycopg.Connection, enqueue: Enqueue, record: Records
) -> None:
    with workers(fresh, processes, grace=60) as program:
        pids(connection, processes)
        occurrence = enqueue("w.hold", '{"seconds": 60}')
        record(occurrence, "executing")
        program.terminate()
        time.sleep(0.3)
        program.terminate()
        assert program.wait(5) == 0
    kept = record(occurrence)
    assert (kept["status"], kept["attempt"]) == ("pending", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_counts_once(
    number: signal.Signals, fresh: str, connection: psycopg.Connection, enqueue: Enqueue, record: Records
) -> None:
    with workers(fresh, 2) as program:
        pids(connection, 2)
        occurrence = enqueue("w.hold", '{"seconds": 1}')
        record(occurrence, "executing")
        os.killpg(program.pid, number)
        assert program.wait(10) == 0
    assert record(occurrence)["status"] == "completed"


def test_a_killed_process_is_replaced_and_its_work_runs_again(
    fresh: str, connection: psycopg.Connection, enqueue: Enqueue, record: Records
) -> None:
    connection.execute("update jittask.setting set value = '2 seconds' where name = 'lease_duration'")
    with workers(fresh, 2) as program:
        known = pids(connection, 2)
        occurrence = enqueue("w.hold", '{"seconds": 3}')
        record(occurrence, "executing")
        worker = connection.execute(
            "select w.pid from jittask.lease l join jittask.worker w using (worker_id)"
        ).fetchone()
        assert worker is not None
        os.kill(worker[0], signal.SIGKILL)
        kept = record(occurrence, "completed", seconds=30)
        assert kept["attempt"] == 1
        lost = connection.execute(
            "select outcome from jittask.run_attempt where occurrence_id = %s", [occurrence]
        ).fetchall()
        assert lost == [("lost",)]
        assert set(pids(connection, 3)) - set(known)
        program.terminate()
        assert program.wait(10) == 0


def test_workers_whose_supervisor_is_gone_end(fresh: str, connection: psycopg.Connection) -> None:
    with workers(fresh, 2) as program:
        pids(connection, 2)
        program.kill()
        for _ in range(1000):
            if connection.execute("select count(*) from jittask.worker").fetchone() == (0,):
                return
            time.sleep(0.01)
        raise AssertionError("workers go on")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fixed_clock_is_refused(processes: int, fresh: str, connection: psycopg.Connection) -> None:
    name = connection.info.dbname
    connection.execute(f"alter database \"{name}\" set jittask.fake_now = '2030-01-01Z'")
    with workers(fresh, processes) as program:
        assert program.wait(15) != 0
        assert program.stderr is not None
        assert 'jittask.fake_now is "2030-01-01Z"' in program.stderr.read()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_database_without_the_schema_is_refused(processes: int, fresh_database: Callable[..., str]) -> None:
    with workers(fresh_database(installed=False), processes) as program:
        assert program.wait(15) != 0
        assert program.stderr is not None
        assert "jittask migrate" in program.stderr.read()


def test_work_that_turns_out_slow_is_left_to_others(
    fresh: str, connection: psycopg.Connection, record: Records
) -> None:
    connection.execute("select jittask.enqueue_many('w.nothing', array_fill('{}'::jsonb, array[3000]))")
    program = PROGRAM.replace("processes=", "concurrency=1, processes=")
    first, second = (
        subprocess.Popen([sys.executable, "-c", program, fresh, "1", "5"], cwd=ROOT) for _ in range(2)
    )
    try:
        pids(connection, 2)
        while connection.execute("select count(*) from jittask.run_history").fetchone() != (3000,):
            time.sleep(0.05)
        # Both have learned that functions are quick, so one of them may claim all of these.
        connection.execute(
            "select jittask.enqueue_many('w.hold', array_fill('{\"seconds\": 0.4}'::jsonb, array[20]), title => 'slow')"
        )
        end = time.monotonic() + 30
        shares: list[Any] = []
        while sum(count for _, count in shares) < 20 and time.monotonic() < end:
            time.sleep(0.1)
            shares = connection.execute(
                "select worker, count(*) from jittask.run_history where title = 'slow' group by worker"
            ).fetchall()
        assert sorted(count for _, count in shares)[0] >= 6, shares
        assert connection.execute(
            "select max(finished_at) - min(started_at) < interval '7 seconds' from jittask.run_history where title = 'slow'"
        ).fetchone() == (True,)
    finally:
        for worker in (first, second):
            worker.terminate()
            worker.wait(10)


def _has_namespaces() -> bool:
    try:
        done = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.skipif(not _has_namespaces(), reason="no right to make a PID namespace")
@pytest.mark.parametrize("processes", [1, 2])
def test_as_pid_1_it_obeys_signals_and_collects_orphans(
    processes: int, fresh: str, connection: psycopg.Connection, enqueue: Enqueue, record: Records
) -> None:
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", PROGRAM]
    outside = subprocess.Popen([*command, fresh, str(processes), "5"], cwd=ROOT, start_new_session=True)
    try:
        pids(connection, processes)
        first = _children(outside.pid)[0]
        record(enqueue("w.orphans"), "completed")
        end = time.monotonic() + 10
        while zombies := [pid for pid in _children(first) if _state(pid) == "Z"]:
            assert time.monotonic() < end, zombies
            time.sleep(0.05)
        running = enqueue("w.hold", '{"seconds": 1}')
        record(running, "executing")
        os.kill(first, signal.SIGTERM)
        assert outside.wait(20) == 0
        assert record(running)["status"] == "completed"
    finally:
        if outside.poll() is None:
            os.killpg(outside.pid, signal.SIGKILL)
            outside.wait()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
