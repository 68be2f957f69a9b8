"""Functions in child processes, which can be killed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import psycopg
import pytest

from .conftest import Drain, Records, Running

Define = Callable[..., str]


@pytest.fixture
def run_isolated(connection: psycopg.Connection) -> Iterator[Define]:
    """A task with process isolation, and one occurrence of it that is due."""
    made: list[str] = []

    def define(handler: str, **columns: Any) -> str:
        name = f"isolated {handler} {len(made)} {time.monotonic_ns()}"
        made.append(name)
        extra = "".join(f", {column}" for column in columns)
        connection.execute(
            f"insert into jittask.task (name, kind, handler, start_at, isolation{extra}) "
            f"values (%s, 'scheduled', %s, '2100-01-01Z', 'process'{', %s' * len(columns)})",
            [name, handler, *columns.values()],
        )
        connection.execute("select jittask.run_now(%s)", [name])
        return name

    yield define
    connection.execute("delete from jittask.task where name = any (%s)", [made])


def ended(connection: psycopg.Connection, name: str) -> tuple[Any, ...]:
    row = connection.execute(
        "select status, result, error, attempt from jittask.execution_record where task_name = %s and status <> 'pending'",
        [name],
    ).fetchone()
    assert row is not None
    return row


def test_the_function_runs_in_another_process_which_serves_again(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    names = [run_isolated("w.where") for _ in range(3)]
    drain(child_concurrency=1)
    pids = {ended(connection, name)[1]["pid"] for name in names}
    assert len(pids) == 1
    assert pids.isdisjoint({os.getpid()})


def test_a_coroutine_function_runs_there_too(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    name = run_isolated("w.where_async")
    drain()
    status, result, error, _ = ended(connection, name)
    assert (status, error) == ("completed", None)
    assert result != os.getpid()


def test_a_function_that_spins_is_killed_at_its_timeout(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    name = run_isolated("w.spin", timeout="1500 ms")
    drain()
    status, _, error, _ = ended(connection, name)
    assert (status, error) == ("timed_out", "ran longer than its timeout of 1.5 s; its process was killed")


def test_cancel_kills_the_process(
    run_isolated: Define, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    name = run_isolated("w.spin")
    with running():
        kept = record(name, "executing")
        connection.execute("select jittask.cancel(%s)", [kept["occurrence_id"]])
        assert "killed" in record(name, "cancelled")["error"]


def test_a_process_that_ends_by_itself_is_an_error_of_its_run(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    dying, after = run_isolated("w.die"), run_isolated("w.where")
    drain(child_concurrency=1)
    assert ended(connection, dying)[:3] == (
        "error", None, "the child process ended with exit code 3 while the function ran",
    )  # fmt: skip
    assert ended(connection, after)[0] == "completed"


def test_memory_is_limited(run_isolated: Define, drain: Drain, connection: psycopg.Connection) -> None:
    name = run_isolated("w.take_memory")
    drain(memory_limit=1_500_000_000)
    status, _, error, _ = ended(connection, name)
    assert status == "error"
    assert error.endswith("MemoryError")


def test_an_error_keeps_its_traceback(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    name = run_isolated("w.fail", max_attempts=2, retry_delay="0 s")
    drain()
    status, _, error, attempt = ended(connection, name)
    assert (status, attempt) == ("error", 2)
    assert "raise ValueError(text)" in error


def test_full_child_processes_hold_up_no_other_function(
    run_isolated: Define, running: Running, record: Records, connection: psycopg.Connection, enqueue: Any
) -> None:
    # Both child processes are taken, and one more of the kind is due before all others.
    names = [run_isolated("w.hold", args='{"seconds": 20}') for _ in range(3)]
    with running(child_concurrency=2):
        end = time.monotonic() + 10
        while connection.execute(
            "select count(*) from jittask.execution_record where task_name = any (%s) and status = 'executing'",
            [names],
        ).fetchone() != (2,):
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(1.2)
        kept = [record(enqueue("w.nothing"), "completed") for _ in range(5)]
        # Held up, most would wait for seconds; one alone may meet a busy machine.
        assert median((run["started_at"] - run["due_at"]).total_seconds() for run in kept) < 1
        for name in names:
            for (occurrence,) in connection.execute(
                "select occurrence_id from jittask.execution_record where task_name = %s and finished_at is null "
                "and due_at < now()",
                [name],
            ).fetchall():
                connection.execute("select jittask.cancel(%s)", [occurrence])


def test_few_child_processes_do_not_slow_a_drain_of_others(
    run_isolated: Define, drain: Drain, connection: psycopg.Connection
) -> None:
    names = [run_isolated("w.where") for _ in range(5)]
    connection.execute(
        "select jittask.enqueue_many('w.nothing', array_agg('{}'::jsonb), title => 'many') "
        "from generate_series(1, 2000)"
    )
    drain(child_concurrency=1)
    assert connection.execute(
        "select count(*) from jittask.execution_record where task_name = 'many' and status = 'completed'"
    ).fetchone() == (2000,)
    assert {ended(connection, name)[0] for name in names} == {"completed"}
