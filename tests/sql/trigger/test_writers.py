"""Whoever writes to a watched table, and however: the due queue follows in the same transaction."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched

# Statements over the table orders, which holds ids 1 to 20, every second of them open.
WRITERS = {
    "one row": "insert into orders (due_at) values ('2026-03-02 12:00+00')",
    "many rows": "insert into orders (due_at, day) select '2026-03-02 12:00+00'::timestamptz + n * interval '1 minute', '2026-04-01' from generate_series(1, 50) n",
    "no row": "insert into orders (due_at) select now() where false; update orders set due_at = null where false; delete from orders where false",
    "on conflict do nothing": "insert into orders (id, due_at) values (1, '2026-03-09 00:00+00'), (99, '2026-03-09 00:00+00') on conflict do nothing",
    "on conflict do update": "insert into orders (id, due_at) values (1, '2026-03-09 00:00+00'), (99, '2026-03-09 00:00+00') on conflict (id) do update set due_at = excluded.due_at, status = 'open'",
    "on conflict do update with a condition": "insert into orders (id, due_at) select n, '2026-03-09 00:00+00' from generate_series(1, 30) n on conflict (id) do update set due_at = excluded.due_at where orders.id % 3 = 0",
    "merge": """merge into orders o using (select n as id from generate_series(1, 30) n) s on o.id = s.id
                when matched and s.id % 3 = 0 then delete
                when matched and s.id % 3 = 1 then update set due_at = o.due_at + interval '1 day'
                when not matched then insert (id, due_at) values (s.id, '2026-03-09 00:00+00')""",
    "update from": "update orders o set due_at = o.due_at + s.d from (values (1, interval '1 day'), (2, '2 days')) s (id, d) where s.id = o.id",
    "dates swapped between rows": "update orders o set due_at = s.due_at from orders s where s.id = 21 - o.id",
    "out of the filter and back": "update orders set status = 'paid'; update orders set status = 'open' where id % 2 = 0",
    "date to null, infinity and before christ": "update orders set due_at = null where id = 1; update orders set due_at = 'infinity' where id = 2; update orders set due_at = '-infinity' where id = 3; update orders set due_at = '4000-01-01 BC' where id = 4; update orders set due_at = '294276-12-31' where id = 5",
    "day at its limits": "update orders set day = 'infinity' where id = 1; update orders set day = '-infinity' where id = 2; update orders set day = '5874897-12-31' where id = 3; update orders set day = '4713-01-01 BC' where id = 4",
    "other columns only": "update orders set note = 'x'; update orders set note = note, due_at = due_at",
    "delete": "delete from orders where id in (1, 2, 3)",
    "delete all": "delete from orders",
    "truncate": "truncate orders",
    "truncate restarting identity": "truncate orders restart identity; insert into orders (id, due_at) values (1, '2026-03-03 10:00+00')",
    "primary keys shifted": "update orders set id = id + 1000",
    "primary keys shifted onto each other": "update orders set id = -id; update orders set id = 21 + id",
    "primary key and date together": "update orders set id = id + 500, due_at = due_at + interval '1 day'",
    "moved there and back": "update orders set due_at = due_at + interval '1 day'; update orders set due_at = due_at - interval '1 day'",
    "delete and insert the same key in one transaction": "begin; delete from orders where id < 5; insert into orders (id, due_at) values (1, '2026-03-05 00:00+00'), (2, '2026-03-02 10:00+00'); commit",
    "a writable cte that moves rows": "with gone as (delete from orders where id <= 5 returning *) insert into orders (id, due_at, status) select id + 100, due_at, status from gone",
    "a writable cte that inserts and updates": "with added as (insert into orders (id, due_at) values (77, '2026-03-04 00:00+00') returning id), changed as (update orders set due_at = '2026-03-06 00:00+00' where id = 3 returning id) select * from added, changed",
    "a writable cte with two updates of one table": "with a as (update orders set due_at = due_at + interval '1 day' where id < 6), b as (update orders set status = 'open' where id > 6) delete from orders where id = 6",
    "rolled back": "begin; update orders set due_at = due_at + interval '1 day'; delete from orders where id = 1; rollback",
    "a savepoint rolled back": "begin; update orders set due_at = due_at + interval '1 day' where id = 1; savepoint s; update orders set due_at = null; delete from orders where id < 9; rollback to s; insert into orders (id, due_at) values (88, '2026-03-03 00:00+00'); commit",
    "nested savepoints": "begin; savepoint a; insert into orders (id, due_at) values (88, '2026-03-03 00:00+00'); savepoint b; update orders set due_at = '2026-03-04 00:00+00' where id = 88; rollback to b; release a; commit",
    "an exception block in plpgsql": "do $$ begin begin update orders set due_at = null; raise 'x'; exception when others then null; end; update orders set due_at = '2026-03-07 00:00+00' where id = 2; end $$",
    "repeatable read": "begin isolation level repeatable read; update orders set due_at = due_at + interval '3 hours' where id < 9; insert into orders (id, due_at) values (88, '2026-03-03 00:00+00'); delete from orders where id = 9; commit",
    "serializable": "begin isolation level serializable; update orders set due_at = due_at + interval '3 hours' where id < 9; insert into orders (id, due_at) values (88, '2026-03-03 00:00+00'); delete from orders where id = 9; commit",
    "a prepared statement": "prepare p (int, timestamptz) as update orders set due_at = $2 where id = $1; execute p (1, '2026-03-04 01:00+00'); execute p (1, '2026-03-04 02:00+00'); execute p (1, '2026-03-04 03:00+00'); execute p (2, '2026-03-04 01:00+00'); execute p (2, '2026-03-04 02:00+00'); execute p (1, '2026-03-04 05:00+00'); execute p (1, '2026-03-04 06:00+00'); deallocate p",
}  # fmt: skip


@pytest.fixture
def orders(watched: Watched) -> Watched:
    watched.orders()
    watched.execute("""
        insert into orders (id, status, due_at, day)
        select n, case when n % 2 = 0 then 'open' else 'paid' end,
          '2026-03-02 06:30+00'::timestamptz + n * interval '17 minutes',
          case when n % 4 <> 0 then date '2026-03-03' + n::int end
        from generate_series(1, 20) n
    """)
    watched.execute("alter table orders alter id restart with 21")
    return watched


@pytest.mark.parametrize("writer", WRITERS)
def test_the_due_queue_follows(orders: Watched, writer: str) -> None:
    if writer == "merge" and orders.connection.info.server_version < 150000:
        pytest.skip("MERGE came with Postgres 15")
    orders.check()
    assert len(orders.planned("remind")) > 5
    orders.execute(WRITERS[writer])
    orders.check()


def test_the_due_queue_follows_copy(orders: Watched) -> None:
    with orders.connection.cursor().copy("copy orders (id, due_at, day) from stdin") as copy:
        for number in range(100, 200):
            copy.write_row((number, "2026-03-05 10:00+00", "2026-05-01"))
    assert len(orders.planned("mail")) >= 100
    orders.check()


@pytest.mark.parametrize("setting", [
    "timezone = 'Asia/Kathmandu'", "datestyle = 'German, DMY'", "bytea_output = 'escape'", "intervalstyle = 'iso_8601'",
    "lc_messages = 'C'", "search_path = ''", "plan_cache_mode = 'force_custom_plan'", "plan_cache_mode = 'force_generic_plan'",
    "standard_conforming_strings = off", "check_function_bodies = off", "enable_indexscan = off", "row_security = off",
    "default_transaction_isolation = 'repeatable read'", "xmloption = 'document'", "extra_float_digits = -15",
    "transform_null_equals = on", "work_mem = '64kB'",
])  # fmt: skip
def test_settings_of_the_writing_session_change_nothing(orders: Watched, setting: str) -> None:
    table = f"{orders.schema}.orders"
    with psycopg.connect(orders.connection.info.dsn, autocommit=True) as session:
        session.execute("select set_config('jittask.fake_now', '2026-03-02 09:00+00', false)")
        session.execute(f"set {setting}")
        session.execute(
            f"insert into {table} (id, due_at, day) values (31, '2026-03-03 10:00:00+00', '2026-03-20'), (32, '2026-03-03 10:00:00+00', '2026-03-20')"
        )
        session.execute(
            f"update {table} set due_at = due_at + interval '1 day', day = '2026-03-21' where id in (31, 2)"
        )
        session.execute(f"delete from {table} where id = 32")
    orders.check()
    assert '{"id": 31}' in orders.planned("mail")


def test_a_clock_that_cannot_be_read_fails_no_write(orders: Watched) -> None:
    with psycopg.connect(orders.connection.info.dsn, autocommit=True) as session:
        session.execute("set jittask.fake_now = 'noon'")
        session.execute(f"update {orders.schema}.orders set due_at = due_at + interval '1 day'".encode())
    # It was noted by the wall clock.
    orders.execute("update jittask.replan set noted_at = jittask.now()")
    orders.drain()
    orders.check()


def test_an_overdue_occurrence_stays_when_its_statement_changes_other_rows_only(orders: Watched) -> None:
    orders.execute(
        "insert into orders (id, due_at) values (200, '2026-03-02 09:30+00'), (201, '2026-03-02 15:00+00')"
    )
    clock.at(orders.connection, "2026-03-02 13:00+00")
    overdue = orders.planned("remind")['{"id": 200}']
    orders.execute(
        "update orders set due_at = due_at + case id when 201 then interval '1 hour' else interval '0' end where id >= 200"
    )
    assert orders.planned("remind")['{"id": 200}'] == overdue
    assert orders.differences() == []
