"""Sessions of the database beside each other, beside workers and writers, and when they die."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import psycopg
import pytest

from jittask_pg.worker import WorkerOptions, run_workers
from tests.support.schedule import add_task, enqueue, records, statuses, value

from .conftest import RUNNING, Background

Drain = Callable[[], None]
Until = Callable[..., None]

RUN = "call jittask.run_database_functions('1 hour')"


def test_two_sessions_run_each_occurrence_once(
    connection: psycopg.Connection, background: Background, until: Until
) -> None:
    connection.execute(
        "select jittask.enqueue('sql:app.note', jsonb_build_object('n', n)) from generate_series(1, 400) n"
    )
    with background(RUN), background(RUN):
        until("select not exists (select from jittask.due_queue)")
    assert value(connection, "select count(*) from jittask.run_history where outcome = 'completed'") == 400
    assert value(connection, "select array[count(*), count(distinct args)] from app.seen") == [400, 400]


def test_a_session_beside_a_worker_leaves_it_its_functions_and_shares_the_others(
    connection: psycopg.Connection, background: Background, until: Until
) -> None:
    for n in range(100):
        enqueue(connection, "tests.sql.pg_cron.python_function.note")
        enqueue(connection, "sql:app.note", args={"n": n})
    with background(RUN):
        until("select exists (select from app.seen)")
        options = WorkerOptions(
            dsns=(connection.info.dsn,), drain=True, allow=("tests.sql.pg_cron",), name="python"
        )
        assert run_workers(options) == 0
        until("select not exists (select from jittask.due_queue)")
    assert statuses(connection) == ["completed"] * 200
    assert value(connection, "select array[count(*), count(distinct args)] from app.seen") == [100, 100]
    assert value(connection, "select count(*) from jittask.run_attempt") == 0
    assert value(
        connection,
        "select bool_and(worker = 'python') from jittask.run_history where not starts_with(handler, 'sql:')",
    )


def test_a_run_keeps_its_lease_however_long_it_is(
    connection: psycopg.Connection, background: Background, until: Until
) -> None:
    occurrence = enqueue(connection, "sql:app.sleep", args={"seconds": 1})
    with background(RUN):
        until(RUNNING)
        connection.execute("update jittask.lease set expires_at = '-infinity'")
        assert value(connection, "select jittask.sweep() -> 'leases_taken_back'") == 0
        until("select exists (select from jittask.run_history)")
    assert [(r.occurrence_id, r.status, r.attempt) for r in records(connection)] == [
        (occurrence, "completed", 1)
    ]


def test_what_a_session_ran_that_was_killed_runs_again_when_its_lease_is_over(
    connection: psycopg.Connection, background: Background, until: Until, drain: Drain
) -> None:
    enqueue(connection, "sql:app.sleep", args={"seconds": 3600})
    enqueue(connection, "sql:app.note")
    with background(RUN) as pid:
        until(RUNNING)
        connection.execute("select pg_terminate_backend(%s)", [pid])
        until("select not exists (select from pg_stat_activity where pid = %s)", pid)
    assert value(connection, "select expires_at < now() + interval '45 s' from jittask.lease")
    connection.execute("update jittask.lease set expires_at = '-infinity'")
    connection.execute("update jittask.due_queue set args = null where handler = 'sql:app.sleep'")
    connection.execute("create or replace function app.sleep(args jsonb) returns void language sql as ''")
    connection.execute("select jittask.sweep()")
    drain()
    assert [(r.status, r.attempt) for r in records(connection)] == [("completed", 1)] * 2
    assert connection.execute("select outcome, worker from jittask.run_attempt").fetchall() == [
        ("lost", f"database:{pid}")
    ]
    assert value(connection, "select max(losses) from jittask.run_history") == 1


def test_a_claim_that_was_not_begun_runs_again_too(connection: psycopg.Connection, drain: Drain) -> None:
    enqueue(connection, "sql:app.note")
    worker_id = value(connection, "select jittask.register_session()")
    run = value(connection, "select jittask.claim_database_run(%s, null)::text", [worker_id])
    drain()
    assert statuses(connection) == ["executing"]
    connection.execute("update jittask.lease set expires_at = '-infinity'")
    connection.execute("select jittask.sweep()")
    # Whoever wakes up too late finds that it is no longer its own.
    assert value(connection, "select (jittask.run_claimed(%s::jittask.database_run)).outcome", [run]) is None
    assert value(connection, "select count(*) from app.seen") == 0
    drain()
    assert statuses(connection) == ["completed"]


@pytest.fixture
def _visits(connection: psycopg.Connection) -> None:
    add_task(
        connection, name="visits", handler="sql:app.note_row", source_table="app.visit", date_field="seen_at",
        past_due="run_now",
    )  # fmt: skip


@pytest.mark.parametrize("transactional", [False, True])
@pytest.mark.usefixtures("_visits")
def test_a_report_does_not_wait_for_a_writer_that_holds_its_row(
    connection: psycopg.Connection, background: Background, until: Until, *, transactional: bool
) -> None:
    connection.execute("update jittask.task set transactional = %s", [transactional])
    connection.execute(
        "create or replace function app.note_row(source_key jsonb, args jsonb) returns void language sql"
        " as $$ insert into app.seen (key) values (source_key); select pg_sleep(0.3) $$"
    )
    connection.execute("insert into app.visit values (1, '2024-01-01Z')")
    with ExitStack() as stack:
        writer = stack.enter_context(psycopg.connect(connection.info.dsn))
        pid = stack.enter_context(background(RUN))
        until(RUNNING)
        writer.execute("select from jittask.due_queue for update")
        # It is seen when what it wrote is committed without the record, or taken back.
        until(
            "select exists (select from app.seen) or exists (select from pg_stat_activity where pid = %s and wait_event = 'transactionid')",
            pid,
        )
        assert value(connection, "select count(*) from jittask.run_history") == 0
        writer.commit()
        until("select exists (select from jittask.run_history)")
    assert statuses(connection) == ["completed"]
    assert value(connection, "select count(*) from app.seen") == 1


@pytest.mark.usefixtures("_visits")
def test_a_function_may_write_the_row_that_it_was_called_for(
    connection: psycopg.Connection, drain: Drain
) -> None:
    connection.execute('update jittask.task set filter = \'{"status": "open"}\'')
    connection.execute(
        "create or replace function app.note_row(source_key jsonb, args jsonb) returns void language sql"
        " as $$ update app.visit set status = 'done' where id = (source_key -> 'id')::int $$"
    )
    connection.execute("insert into app.visit select n, '2024-01-01Z' from generate_series(1, 20) n")
    drain()
    assert statuses(connection) == ["completed"] * 20
    assert value(connection, "select count(*) from app.visit where status = 'done'") == 20
