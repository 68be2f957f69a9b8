"""`keep_sweeping`: stops runs of sessions of the database, and sweeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support.schedule import add_task, enqueue, records, value

from .conftest import RUNNING, Background

Until = Callable[..., None]


@pytest.fixture
def session(background: Background) -> Iterator[int]:
    """Pid of a session that runs functions, beside one that keeps sweeping."""
    with (
        background("call jittask.run_database_functions('1 hour')") as pid,
        background("call jittask.keep_sweeping('1 hour')"),
    ):
        yield pid


def test_a_run_is_stopped_at_its_timeout(connection: psycopg.Connection, session: int, until: Until) -> None:
    enqueue(connection, "sql:app.sleep", timeout="100 ms")
    enqueue(connection, "sql:app.note")
    until("select count(*) = 2 from jittask.run_history")
    late, other = records(connection)
    assert (late.status, late.error) == ("timed_out", "ran longer than its timeout of 0.1 s")
    assert (other.status, other.worker) == ("completed", f"database:{session}")


def test_a_run_that_is_over_its_timeout_is_tried_again(
    connection: psycopg.Connection, session: int, until: Until
) -> None:
    add_task(
        connection,
        handler="sql:app.sleep",
        start_at="2099-01-01Z",
        timeout="100 ms",
        max_attempts=2,
        retry_delay="0 s",
    )
    connection.execute("select jittask.run_now('task')")
    until("select exists (select from jittask.run_history)")
    assert connection.execute("select outcome, attempt from jittask.run_history").fetchall() == [
        ("timed_out", 2)
    ]


def test_cancel_stops_a_run(connection: psycopg.Connection, session: int, until: Until) -> None:
    occurrence = enqueue(connection, "sql:app.sleep")
    until(RUNNING)
    assert value(connection, "select jittask.cancel(%s)", [occurrence]) == "stopping"
    until("select exists (select from jittask.run_history)")
    (run,) = records(connection)
    assert (run.status, run.error, run.attempt) == ("cancelled", "cancelled while it ran", 1)
    enqueue(connection, "sql:app.note")
    until("select count(*) = 2 from jittask.run_history where worker = %s", f"database:{session}")


def test_what_is_cancelled_between_claim_and_run_does_not_run(connection: psycopg.Connection) -> None:
    occurrence = enqueue(connection, "sql:app.note")
    worker_id = value(connection, "select jittask.register_session()")
    run = value(connection, "select jittask.claim_database_run(%s, null)::text", [worker_id])
    connection.execute("select jittask.cancel(%s)", [occurrence])
    connection.execute("select jittask.run_claimed(%s::jittask.database_run)", [run])
    (kept,) = records(connection)
    assert (kept.status, kept.error, kept.started_at) == ("cancelled", "cancelled before it ran", None)


def test_a_stop_that_nobody_told_us_of_is_an_error_of_the_run(
    connection: psycopg.Connection, session: int, until: Until
) -> None:
    enqueue(connection, "sql:app.sleep")
    until(RUNNING)
    connection.execute("select pg_cancel_backend(%s)", [session])
    until("select exists (select from jittask.run_history)")
    (run,) = records(connection)
    assert (run.status, run.error) == ("error", "57014: canceling statement due to user request")


def test_nothing_but_the_run_is_stopped(connection: psycopg.Connection) -> None:
    enqueue(connection, "sql:app.sleep", timeout="1 us")
    # A worker elsewhere, whose process has the number of a server process by chance.
    worker_id = value(
        connection, "select jittask.register_worker('elsewhere', 'host', pg_backend_pid(), '0')"
    )
    connection.execute("select jittask.claim(%s, 1)", [worker_id])
    assert connection.execute("select * from jittask.look_after_sessions()").fetchall() == []
    connection.execute("update jittask.worker set in_database = true")
    assert value(connection, "select pid = pg_backend_pid() from jittask.look_after_sessions()")


def test_a_session_that_is_busy_for_long_is_heard_of(
    connection: psycopg.Connection, session: int, until: Until
) -> None:
    enqueue(connection, "sql:app.sleep")
    until(RUNNING)
    connection.execute("update jittask.worker set seen_at = '2024-01-01Z'")
    until("select seen_at > '2024-01-02Z' from jittask.worker")


def test_lost_leases_are_taken_back_and_listed_rows_planned(
    connection: psycopg.Connection, session: int, until: Until
) -> None:
    enqueue(connection, "sql:app.note")
    add_task(
        connection, name="visits", handler="sql:app.note_row", source_table="app.visit", date_field="seen_at"
    )
    connection.execute("set session_replication_role = replica")
    connection.execute("insert into app.visit values (7, '2099-01-01Z')")
    connection.execute("set session_replication_role = origin")
    connection.execute(
        "insert into jittask.replan (task_id, reason) select task_id, 'test' from jittask.task"
    )
    until("select exists (select from jittask.waiting where source_key = '{\"id\": 7}')")
