"""Functions whose writes commit together with the record of their run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from jittask_pg.worker import WorkerOptions

from . import functions
from .conftest import Drain, Running


@pytest.fixture
def orders(fresh_database: Callable[..., str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        connection.execute("create table orders (id int primary key, created_at timestamptz)")
        connection.execute("create table booking (order_id int)")
        connection.execute(
            """
            insert into jittask.task
              (name, kind, handler, source_table, date_field, transactional, past_due, max_attempts, retry_delay)
            values ('book', 'date_field', 'w.book', 'orders', 'created_at', true, 'run_now', 2, '0 s')
            """
        )
        yield connection


@pytest.fixture
def options(orders: psycopg.Connection, options: WorkerOptions) -> WorkerOptions:
    return replace(options, dsns=(conninfo.make_conninfo(options.dsns[0], dbname=orders.info.dbname),))


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return row[0]


def test_writes_and_record_commit_together(orders: psycopg.Connection, drain: Drain) -> None:
    orders.execute("insert into orders select n, '2024-05-01Z' from generate_series(1, 20) n")
    drain()
    assert count(orders, "booking") == 20
    together = orders.execute(
        """
        select count(*)
        from booking b
        join jittask.run_history h on h.xmin = b.xmin and h.source_key = jsonb_build_object('id', b.order_id)::text
        where h.outcome = 'completed' and h.result = to_jsonb(b.order_id)
        """
    ).fetchone()
    assert together == (20,)
    assert count(orders, "jittask.lease") == 0
    assert count(orders, "jittask.due_queue") == 0


def test_an_error_takes_the_writes_back(orders: psycopg.Connection, drain: Drain) -> None:
    orders.execute("update jittask.task set args = '{\"fails\": true}'")
    orders.execute("insert into orders values (1, '2024-05-01Z')")
    drain()
    assert functions.calls == [1, 1]
    assert count(orders, "booking") == 0
    assert orders.execute("select outcome, attempt from jittask.run_history").fetchall() == [("error", 2)]


def test_a_worker_that_lost_its_lease_changes_nothing(
    orders: psycopg.Connection, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def book_late(row: Any, context: Any) -> int:
        context.connection.execute("insert into booking (order_id) values (%s)", [row.id])
        functions.begun.set()
        assert functions.released.wait(10)
        return row.id

    from jittask_pg.handlers import registry

    monkeypatch.setitem(registry._functions, "w.book", book_late)
    with running(sweep=False):
        orders.execute("insert into orders values (1, '2024-05-01Z')")
        assert functions.begun.wait(10)
        # The lease runs out while the function is at it, and the occurrence goes to another worker.
        with orders.transaction():
            orders.execute("update jittask.lease set expires_at = '-infinity'")
            orders.execute("select jittask.sweep()")
            orders.execute("update jittask.due_queue set run_at = '2100-01-01Z'")
        functions.released.set()
        for _ in range(1000):
            superseded = orders.execute(
                "select count(*) from jittask.run_attempt where outcome = 'superseded'"
            ).fetchone()
            if superseded == (1,):
                break
        assert superseded == (1,)
    assert count(orders, "booking") == 0
    assert count(orders, "jittask.run_history") == 0
