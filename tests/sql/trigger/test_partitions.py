"""Partitioned tables: writes by whatever name, and partitions that come and go."""

from __future__ import annotations

import pytest

from tests.support.watched import Watched


@pytest.fixture
def parted(watched: Watched) -> Watched:
    watched.execute("""
        create table orders (id bigint, region text, status text default 'open', due_at timestamptz, day date,
                             note text, primary key (id, region)) partition by list (region);
        create table orders_eu partition of orders for values in ('eu');
        create table orders_us partition of orders for values in ('us') partition by range (id);
        create table orders_us_1 partition of orders_us for values from (0) to (1000);
    """)
    watched.task("once", "orders", "due_at", start_offset="1 hour", filter={"status": "open"})
    watched.task("often", "orders", "due_at", repeat="daily", max_runs=5)
    watched.execute("""
        insert into orders (id, region, due_at)
        select n, case when n % 2 = 0 then 'eu' else 'us' end, '2026-03-03 10:00+00' from generate_series(1, 10) n
    """)
    return watched


@pytest.mark.parametrize("statement", [
    "insert into orders_us_1 (id, region, due_at) values (50, 'us', '2026-03-04 10:00+00')",
    "update orders set due_at = due_at + interval '1 day'",
    "update orders_eu set status = 'paid' where id < 5",
    "update orders set region = 'us' where region = 'eu'",
    "delete from orders_us where id < 4",
    "truncate orders",
    "update orders set id = id + 100",
    "create table orders_asia partition of orders for values in ('asia'); insert into orders (id, region, due_at) values (9, 'asia', '2026-03-04 10:00+00')",
    "create table orders_asia (like orders including all); alter table orders attach partition orders_asia for values in ('asia'); insert into orders_asia (id, region, due_at) values (9, 'asia', '2026-03-04 10:00+00'); update orders_asia set due_at = '2026-03-05 10:00+00'",
    "insert into orders (id, region, due_at) values (2, 'eu', '2026-03-09 10:00+00') on conflict (id, region) do update set due_at = excluded.due_at",
])  # fmt: skip
def test_the_due_queue_follows(parted: Watched, statement: str) -> None:
    parted.execute(statement)
    assert parted.differences() == []
    parted.drain()
    parted.check()


@pytest.mark.parametrize("statement", [
    "truncate orders_eu",
    "alter table orders detach partition orders_eu",
    "drop table orders_eu",
    "create table orders_asia (like orders including all); insert into orders_asia (id, region, due_at) values (9, 'asia', '2026-03-04 10:00+00'); alter table orders attach partition orders_asia for values in ('asia')",
])  # fmt: skip
def test_what_no_trigger_sees_reconcile_repairs(parted: Watched, statement: str) -> None:
    parted.execute(statement)
    parted.execute("select jittask.reconcile(%s::regclass)", f"{parted.schema}.orders")
    parted.drain()
    parted.check()


def test_a_row_that_moves_to_another_partition_keeps_its_series(parted: Watched) -> None:
    parted.execute("update jittask.series set runs = 3 where source_key like '%\"id\": 2,%'")
    parted.execute("create table orders_old partition of orders default")
    parted.execute("update orders set id = id")
    parted.execute(
        "alter table orders_us detach partition orders_us_1; alter table orders_us attach partition orders_us_1 for values from (0) to (500)"
    )
    parted.execute("create table orders_us_2 partition of orders_us for values from (500) to (1000)")
    row = parted.execute("select runs from jittask.series where source_key like '%\"id\": 2,%'").fetchone()
    assert row == (3,)


@pytest.mark.parametrize(
    "key", ["id int primary key", "id int, region text default 'eu', primary key (id, region)"]
)
def test_an_update_is_planned_by_its_trigger_and_not_by_the_net(watched: Watched, key: str) -> None:
    heard: list[str] = []
    watched.execute(f"create table t ({key}, due_at timestamptz) partition by range (id)")
    watched.execute("create table t_1 partition of t for values from (0) to (1000)")
    watched.task("once", "t", "due_at")
    watched.execute("insert into t (id, due_at) values (1, '2026-03-03 10:00+00')")
    watched.connection.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    watched.execute("update t set due_at = due_at + interval '1 day'")
    assert heard == []
    watched.check()


def test_a_watched_table_may_become_a_partition_of_another(watched: Watched) -> None:
    watched.execute("create table p (id int primary key, due_at timestamptz) partition by range (id)")
    watched.execute("create table p_1 (id int primary key, due_at timestamptz)")
    watched.task("once", "p", "due_at")
    watched.task("early", "p_1", "due_at", start_offset="-1 hour")
    watched.execute("alter table p attach partition p_1 for values from (0) to (100)")
    watched.execute("insert into p values (1, '2026-03-03 10:00+00')")
    watched.execute("insert into p_1 values (2, '2026-03-03 10:00+00')")
    assert set(watched.planned("once")) == {'{"id": 1}', '{"id": 2}'}
    watched.execute("select jittask.sweep()")
    row = watched.execute("select jittask.explain(%s)", watched.name("early")).fetchone()
    assert row is not None
    assert "it is a partition of" in row[0]
    watched.execute("alter table p detach partition p_1; select jittask.sweep()")
    watched.drain()
    watched.execute("insert into p_1 values (4, '2026-03-03 12:00+00')")
    assert len(watched.planned("early")) == 3
    watched.execute("select jittask.reconcile('p')")
    assert watched.differences() == []
