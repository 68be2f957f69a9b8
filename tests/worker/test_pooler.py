"""Workers and programs behind a real PgBouncer in transaction mode, which has fewer connections than they."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest

from jittask_pg import JitTask, UnavailableError
from jittask_pg.worker import WorkerOptions, run_workers
from tests.support.pooler import pooled, program

from . import functions
from .conftest import Drain, Records, Running

pytestmark = pytest.mark.skipif(program() is None, reason="PgBouncer is not installed")

Enqueue = Callable[..., int]


@pytest.fixture(scope="module")
def through(database: str) -> Iterator[str]:
    with pooled(database, size=4) as dsn:
        yield dsn


@pytest.fixture
def options(options: WorkerOptions, through: str) -> WorkerOptions:
    return replace(options, dsns=(through,), pooler=True)


@pytest.fixture(autouse=True)
def _nothing_left(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("delete from jittask.task")
    yield
    connection.execute("delete from jittask.task")


def counts(connection: psycopg.Connection) -> dict[str, int]:
    return dict(
        connection.execute(
            "select status, count(*) from jittask.execution_record where task_name = 'many' group by status"
        ).fetchall()
    )


def test_two_thousand_run_once_each_beside_all_kinds_of_functions(
    enqueue: Enqueue,
    drain: Drain,
    record: Records,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection.execute(
        "select jittask.enqueue_many('w.nothing', array_agg('{}'::jsonb), title => 'many') "
        "from generate_series(1, 2000)"
    )
    about = enqueue("w.about")
    awaited = enqueue("w.coroutine")
    in_database = enqueue("sql:pg_catalog.jsonb_pretty", '{"a": 1}')
    drain()
    assert counts(connection) == {"completed": 2000}
    assert record(about)["result"]["one"] == 1
    assert record(awaited)["result"] == "awaited"
    assert record(in_database)["status"] == "completed"
    assert [line for line in caplog.messages if "prepared" in line or "failed" in line] == []


def test_rows_are_read_and_writes_commit_with_the_record(
    drain: Drain, connection: psycopg.Connection
) -> None:
    connection.execute("drop table if exists orders, booking")
    connection.execute("create table orders (id int primary key, due_at timestamptz)")
    connection.execute("create table booking (order_id int)")
    connection.execute(
        "insert into jittask.task (name, kind, handler, source_table, date_field, past_due, transactional) "
        "values ('book', 'date_field', 'w.book', 'orders', 'due_at', 'run_now', true)"
    )
    connection.execute("insert into orders select n, '2024-05-01 12:00+02' from generate_series(1, 50) n")
    drain()
    assert connection.execute("select count(*), count(distinct order_id) from booking").fetchone() == (50, 50)
    assert connection.execute(
        "select status, count(*) from jittask.execution_record where task_name = 'book' group by status"
    ).fetchall() == [("completed", 50)]


def test_cancel_reaches_what_runs_in_python_and_in_the_database(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    connection.execute(
        "create or replace function wait_long(args jsonb) returns void language sql as 'select pg_sleep(60)'"
    )
    with running():
        python, database = enqueue("w.watch"), enqueue("sql:public.wait_long")
        for occurrence in (python, database):
            record(occurrence, "executing")
        time.sleep(0.3)
        for occurrence in (python, database):
            connection.execute("select jittask.cancel(%s)", [occurrence])
        assert record(python, "cancelled")["result"] == "looked"
        assert record(database, "cancelled")["error"] == "cancelled while it ran"
    limited = enqueue("sql:public.wait_long", timeout="200 ms")
    with running():
        assert record(limited, "timed_out")["error"] == "ran longer than its timeout of 0.2 s"
    # Nothing of one run is left in the session of another.
    with running():
        assert record(enqueue("sql:pg_catalog.jsonb_pretty"), "completed")["error"] is None


def test_progress_is_shown_and_a_shutdown_gives_back(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.count_up", '{"message": "rows"}')
    with running(grace=0.1):
        assert functions.begun.wait(10)
        for _ in range(500):
            if record(occurrence, "executing")["progress"] is not None:
                break
            time.sleep(0.01)
        assert record(occurrence)["progress"]["message"] == "rows"
        functions.released.clear()
    functions.released.set()


def test_a_program_defines_and_enqueues_and_reads_page_after_page(
    through: str, connection: psycopg.Connection
) -> None:
    jt = JitTask(through, pooler=True)
    for n in range(20):
        jt.enqueue("w.nothing", delay="1 day", title=f"through {n}")
    found = [record for record in jt.records() if (record.task_name or "").startswith("through")]
    assert len(found) == 20


def test_without_the_option_the_refusal_names_it(through: str, options: WorkerOptions) -> None:
    with pytest.raises(UnavailableError, match="unsupported startup parameter: options") as refused:
        run_workers(replace(options, pooler=False, reconnect=False))
    assert "--pooler" in str(refused.value)


def test_without_the_option_a_pooler_that_lets_it_through_is_noticed_and_nothing_gets_lost(
    database: str,
    enqueue: Enqueue,
    running: Running,
    record: Records,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pooled(database, size=3, ignored="options") as dsn, running(dsns=(dsn,), pooler=False):
        for _ in range(6):
            occurrences = [enqueue("w.echo", f'{{"n": {n}}}') for n in range(20)]
            for n, occurrence in enumerate(occurrences):
                assert record(occurrence, "completed")["result"] == {"n": n}
    assert caplog.text.count("the connection leads through a pooler") == 1
    assert "refused" not in caplog.text
