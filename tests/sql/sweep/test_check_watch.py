"""What users do to their tables: the watch follows, or says what is wrong, and heals; writes never fail."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched

TABLE_CHANGES = {
    "the date column is renamed": ["alter table orders rename due_at to expires_at"],
    "the filter column is renamed": ["alter table orders rename status to state"],
    "the end column is renamed": ["alter table orders rename day to last_day"],
    "the key column is renamed": ["alter table orders rename id to order_id"],
    "two columns swap their names": ["alter table orders rename note to spare; alter table orders rename status to note; alter table orders rename spare to status"],
    "the key column becomes narrower": ["alter table orders alter id type int"],
    "the table is renamed": ["alter table orders rename to purchases"],
    "the table moves to another schema": ["create schema {schema}_other; alter table orders set schema {schema}_other"],
    "another column is added, altered and dropped": ["alter table orders add extra int; alter table orders alter extra type text; alter table orders drop extra"],
    "the key is replaced": ["alter table orders drop constraint orders_pkey; alter table orders add code uuid primary key default gen_random_uuid()"],
    "a trigger of the user's own is added": ["create function touch() returns trigger language plpgsql as $$ begin return new; end $$; create trigger touch after update on orders for each row execute function touch()"],
    "our triggers are dropped": ["drop trigger jittask_watch_insert on orders; drop trigger jittask_watch_update on orders"],
}  # fmt: skip


@pytest.fixture
def orders(connection: psycopg.Connection) -> Iterator[Watched]:
    clock.at(connection, "2026-03-02 09:00+00")
    watched = Watched(connection)
    watched.orders()
    watched.execute("""
        insert into orders (id, status, due_at, day)
        select n, case when n % 2 = 0 then 'open' else 'paid' end,
          '2026-03-02 06:30+00'::timestamptz + n * interval '17 minutes', date '2026-03-03' + n::int
        from generate_series(1, 20) n
    """)
    watched.execute("alter table orders alter id restart with 21")
    yield watched
    watched.close()
    connection.execute(f"drop schema if exists {watched.schema}_other cascade".encode())


def dues(watched: Watched) -> dict[str, list[object]]:
    """Due instants of each task, whatever the keys are called."""
    return {task: sorted(watched.planned(task).values()) for task in ("remind", "poke", "mail")}


@pytest.mark.parametrize("change", TABLE_CHANGES)
def test_the_watch_follows_when(orders: Watched, change: str) -> None:
    before = dues(orders)
    for statement in TABLE_CHANGES[change]:
        orders.execute(statement.replace("{schema}", orders.schema))
    orders.execute("select jittask.sweep()")
    orders.drain()
    row = orders.execute("select array_agg(broken) from jittask.plan where broken is not null").fetchone()
    assert row == (None,)
    assert dues(orders) == before
    assert orders.differences() == []


@pytest.mark.parametrize("change", TABLE_CHANGES)
def test_writes_before_the_sweep_are_not_lost_when(orders: Watched, change: str) -> None:
    for statement in TABLE_CHANGES[change]:
        orders.execute(statement.replace("{schema}", orders.schema))
    row = orders.execute(
        "select attrelid::regclass::text from pg_attribute where attname = 'note' and not attisdropped and attrelid in (select table_oid from jittask.watch where source_table like %s)",
        f"{orders.schema}%",
    ).fetchone()
    assert row is not None
    dated = orders.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum = 3", row[0]
    ).fetchone()
    assert dated is not None
    orders.execute(f'update {row[0]} set "{dated[0]}" = "{dated[0]}" + interval \'1 day\'')
    orders.execute(
        f"insert into {row[0]} (\"{dated[0]}\") values ('2026-03-09 00:00+00')"
        if change != "two columns swap their names"
        else f"insert into {row[0]} (due_at, note) values ('2026-03-09 00:00+00', 'open')"
    )
    orders.execute("select jittask.sweep()")
    orders.drain()
    assert orders.differences() == []
    assert len(dues(orders)["poke"]) == 21


@pytest.mark.parametrize(("change", "broken", "reason", "cure"), [
    ("alter table orders drop status", {"remind"}, "status", "alter table orders add status text not null default 'open'"),
    ("alter table orders drop due_at", {"remind", "poke"}, "due_at", "alter table orders add due_at timestamptz default '2026-03-04 00:00+00'"),
    ("alter table orders alter due_at type text", {"remind", "poke"}, "text", "alter table orders alter due_at type timestamptz using due_at::timestamptz"),
    ("alter table orders drop day", {"poke", "mail"}, "day", "alter table orders add day date"),
    ("alter table orders drop id", {"remind", "poke", "mail"}, "primary key", "alter table orders add id bigint generated always as identity primary key"),
    ("alter table orders rename to spare; drop table spare cascade", {"remind", "poke", "mail"}, "does not exist",
     "create table orders (id bigint primary key, status text default 'open', due_at timestamptz, day date); insert into orders values (1, 'open', '2026-03-04 00:00+00', '2026-03-20')"),
])  # fmt: skip
def test_a_task_is_marked_broken_with_the_reason_and_heals(
    orders: Watched, change: str, broken: set[str], reason: str, cure: str
) -> None:
    orders.execute(change)
    if "drop table" not in change:
        orders.execute("insert into orders default values")
        orders.execute("update orders set note = 'x'")
    orders.execute("select jittask.sweep()")
    orders.drain()
    found = dict(
        orders.execute(
            "select t.name, p.broken from jittask.task t join jittask.plan p using (task_id) where p.broken is not null and t.source_table like %s",
            f"{orders.schema}%",
        ).fetchall()
    )
    assert set(found) == {orders.name(task) for task in broken}
    for name, text in found.items():
        assert reason in text
        explained = orders.execute("select jittask.explain(%s)", name).fetchone()
        assert explained is not None
        assert reason in explained[0]
    assert orders.differences() == []
    orders.execute(cure)
    orders.execute("select jittask.sweep()")
    orders.drain()
    row = orders.execute("select array_agg(broken) from jittask.plan where broken is not null").fetchone()
    assert row == (None,)
    assert orders.differences() == []
    assert sum(map(len, dues(orders).values())) > 0 or "drop id" in change
    orders.execute(
        "insert into orders (id, due_at, status) values (77, '2026-03-07 00:00+00', 'open')"
        if "drop id" not in change
        else "insert into orders (due_at, status) values ('2026-03-07 00:00+00', 'open')"
    )
    assert orders.differences() == []


def test_triggers_that_nobody_needs_go_and_come_back(orders: Watched) -> None:
    count = "select count(*) from pg_trigger where tgrelid = 'orders'::regclass and tgname like 'jittask%'"
    for task in ("remind", "poke", "mail"):
        orders.execute("select jittask.pause(%s)", orders.name(task))
    orders.execute("update jittask.watch set idle_since = clock_timestamp() - interval '1 hour'")
    orders.execute("select jittask.sweep()")
    assert orders.execute(count).fetchone() == (0,)
    orders.execute("update orders set due_at = due_at + interval '1 day'")
    orders.execute("select jittask.resume(%s)", orders.name("remind"))
    assert orders.execute(count).fetchone() == (4,)
    orders.drain()
    orders.check()


def test_whoever_sweeps_waits_for_locks_as_long_as_before(orders: Watched) -> None:
    for task in ("remind", "poke", "mail"):
        orders.execute("select jittask.pause(%s)", orders.name(task))
    orders.execute("update jittask.watch set idle_since = clock_timestamp() - interval '1 hour'")
    with orders.connection.transaction():
        orders.execute("set local lock_timeout = '7s'")
        orders.execute("select jittask.sweep()")
        assert orders.execute("show lock_timeout").fetchone() == ("7s",)


def test_disabled_triggers_are_named_and_their_writes_planned_once_they_are_enabled(orders: Watched) -> None:
    orders.execute("alter table orders disable trigger all")
    orders.execute("select jittask.sweep()")
    orders.execute("update orders set due_at = due_at + interval '1 day'; delete from orders where id = 1")
    row = orders.execute(
        "select broken from jittask.watch where source_table like %s", f"{orders.schema}%"
    ).fetchone()
    assert row is not None
    assert "disabled" in row[0]
    orders.execute("alter table orders enable trigger all")
    orders.execute("select jittask.sweep()")
    orders.drain()
    orders.check()


def test_a_table_detached_on_purpose_stays_so_until_it_is_attached(orders: Watched) -> None:
    table = f"{orders.schema}.orders"
    orders.execute("select jittask.detach_table(%s, true)", table)
    orders.execute("update orders set due_at = due_at + interval '1 day'; delete from orders where id = 1")
    orders.execute("select jittask.sweep()")
    orders.drain()
    assert orders.differences() != []
    orders.execute("select jittask.attach_table(%s)", table)
    orders.drain()
    orders.check()


def test_reconcile_says_what_differed_and_repairs_it(orders: Watched) -> None:
    orders.execute("set session_replication_role = replica")
    orders.execute("""
        delete from orders where id = 20;
        update orders set due_at = due_at + interval '1 day' where id in (16, 18);
        insert into orders (id, due_at) values (30, '2026-03-05 00:00+00')
    """)
    orders.execute("reset session_replication_role")
    rows = orders.execute(
        "select * from jittask.reconcile(%s::regclass)", f"{orders.schema}.orders"
    ).fetchall()
    assert (orders.name("remind"), 1, 1, 2) in rows
    orders.drain()
    orders.check()


def test_the_sweep_compares_table_and_queue_every_hour(orders: Watched) -> None:
    orders.execute("select jittask.sweep()")
    orders.execute("set session_replication_role = replica")
    orders.execute("""
        delete from orders where id = 20;
        update orders set due_at = due_at + interval '1 day' where id in (16, 18);
        update orders set day = day + 1 where id = 4;
        insert into orders (id, due_at) values (30, '2026-03-05 00:00+00')
    """)
    orders.execute("reset session_replication_role")
    orders.execute("select jittask.sweep()")
    assert len(orders.differences()) > 0
    orders.execute("update jittask.reconciled set ended_at = clock_timestamp() - interval '2 hours'")
    for _ in range(20):
        orders.execute("select jittask.sweep()")
    orders.check()
    row = orders.execute(
        "select bool_and(ended_at > clock_timestamp() - interval '1 minute') from jittask.reconciled"
    ).fetchone()
    assert row == (True,)


def test_a_comparison_finds_nothing_where_nothing_differs(orders: Watched) -> None:
    orders.execute("insert into jittask.reconciled select task_id from jittask.task on conflict do nothing")
    orders.execute("update jittask.reconciled set ended_at = '2000-01-01'")
    for _ in range(12):
        orders.execute("select jittask.reconcile_some(jittask.now())")
    assert orders.execute("select * from jittask.replan").fetchall() == []
    assert orders.execute("select * from jittask.reconciled where ended_at = '2000-01-01'").fetchall() == []


def sweep(watched: Watched, times: int = 4) -> None:
    for _ in range(times):
        watched.execute("select jittask.sweep()")


def broken(watched: Watched) -> dict[str, str]:
    return dict(
        watched.execute(
            "select t.name, p.broken from jittask.task t join jittask.plan p using (task_id) where p.broken is not null and t.source_table like %s",
            f"{watched.schema}%",
        ).fetchall()
    )


def test_a_value_that_an_enum_lost_breaks_one_task_and_not_the_sweep(orders: Watched) -> None:
    orders.execute("""
        create type mood as enum ('sad', 'ok');
        create table t (id int primary key, mood mood, due_at timestamptz);
        insert into t select n, 'sad', '2026-03-05 00:00+00' from generate_series(1, 3) n
    """)
    orders.task("moody", "t", "due_at", filter={"mood": "sad"})
    orders.task("plain", "t", "due_at")
    orders.execute(
        "alter type mood rename value 'sad' to 'blue'; insert into t values (4, 'blue', '2026-03-05 00:00+00')"
    )
    sweep(orders)
    assert set(broken(orders)) == {orders.name("moody")}
    assert "sad" in broken(orders)[orders.name("moody")]
    assert len(orders.planned("plain")) == 4
    assert orders.planned("moody") == {}
    orders.execute("alter type mood rename value 'blue' to 'sad'")
    sweep(orders)
    assert broken(orders) == {}
    assert len(orders.planned("moody")) == 4
    orders.check()


def test_an_enum_value_that_nobody_wrote_since_is_found_by_the_comparison(orders: Watched) -> None:
    orders.execute(
        "create type mood as enum ('sad', 'ok'); create table t (id int primary key, mood mood, due_at timestamptz)"
    )
    orders.task("moody", "t", "due_at", filter={"mood": "sad"})
    orders.execute("insert into t values (1, 'sad', '2026-03-05 00:00+00')")
    orders.execute("alter type mood rename value 'sad' to 'blue'")
    sweep(orders, 1)
    orders.execute("update jittask.reconciled set ended_at = clock_timestamp() - interval '2 hours'")
    sweep(orders, 24)
    assert set(broken(orders)) == {orders.name("moody")}


@pytest.mark.parametrize("place", ["after_key = null, gone_key = null", "gone_key = ''"])
def test_a_table_that_vanishes_while_it_is_compared_does_not_stop_the_comparison(
    orders: Watched, place: str
) -> None:
    orders.execute("select jittask.reconcile_some(jittask.now())")
    orders.execute(f"update jittask.reconciled set ended_at = '-infinity', {place}")
    orders.execute("drop table orders")
    compared = 0
    while orders.execute("select jittask.reconcile_some(jittask.now())").fetchone() == (True,):
        compared += 1
        assert compared <= 3
    assert set(broken(orders)) == {orders.name(task) for task in ("remind", "poke", "mail")}


def test_a_key_column_renamed_after_a_task_healed_loses_no_row(orders: Watched) -> None:
    orders.execute("alter table orders alter due_at type text")
    orders.execute("select jittask.sweep()")
    orders.execute("alter table orders alter due_at type timestamptz using due_at::timestamptz")
    orders.execute("select jittask.sweep()")
    # The planning that healed the tasks has read every row, and has yet to look for those that are gone.
    orders.execute("alter table orders rename id to order_id")
    orders.execute("update orders set due_at = due_at + interval '1 day'")
    sweep(orders)
    assert orders.differences() == []
    assert len(dues(orders)["poke"]) == 20


def test_a_change_while_a_large_table_is_planned_begins_again(orders: Watched) -> None:
    task = orders.execute(
        "select task_id from jittask.task where name = %s", orders.name("remind")
    ).fetchone()
    assert task is not None
    orders.execute(
        "insert into jittask.replan (task_id, reason) values (%s, 'its table was changed')", task[0]
    )
    orders.execute("select jittask.drain_replan(jittask.now(), 20000)")
    # Behind the triggers' back, and behind the place where the planning stands.
    with orders.connection.transaction():
        orders.execute("set local session_replication_role = replica")
        orders.execute("update orders set due_at = due_at + interval '1 day'")
    orders.execute(
        "insert into jittask.replan (task_id, reason) values (%s, 'its table was changed')", task[0]
    )
    # Without the comparison that a sweep makes.
    while orders.execute("select exists (select from jittask.replan)").fetchone() == (True,):
        orders.execute("select jittask.drain_replan(jittask.now(), 20000)")
    assert [text for text in orders.differences() if orders.name("remind") in str(text)] == []


def test_a_new_table_may_take_the_name_of_one_that_was_renamed(orders: Watched) -> None:
    orders.execute("alter table orders rename to old_orders")
    sweep(orders)
    orders.execute("create table orders (id bigint primary key, due_at timestamptz)")
    orders.execute(
        "insert into jittask.task (name, kind, handler, source_table, date_field) "
        f"values ('{orders.name('young')}', 'date_field', 'f', '{orders.schema}.orders', 'due_at')"
    )
    orders.execute("insert into orders values (1, '2026-03-20 00:00+00')")
    orders.execute("update old_orders set due_at = '2026-03-21 00:00+00' where id = 2")
    found = orders.execute(
        "select t.name, w.source_key ->> 'id' from jittask.waiting w join jittask.task t using (task_id) "
        "where w.due_at in ('2026-03-20 00:00+00', '2026-03-21 00:00+00') and t.source_table like %s",
        f"{orders.schema}.%",
    ).fetchall()
    assert (orders.name("young"), "1") in found
    assert (orders.name("poke"), "2") in found
    orders.execute("delete from jittask.task where name = %s", orders.name("young"))


def test_explain_of_a_row_says_that_its_table_was_changed_until_the_sweep_follows(orders: Watched) -> None:
    def explained() -> str:
        row = orders.execute("select jittask.explain(%s, '2')", orders.name("poke")).fetchone()
        assert row is not None
        return str(row[0])

    for change in (
        "alter table orders rename due_at to expires_at",
        "alter table orders rename id to order_id",
        "alter table orders rename to purchases",
    ):
        orders.execute(change)
        assert "cannot be looked up just now: its table was changed" in explained()
        sweep(orders)
        assert "cannot be looked up" not in explained()


def test_one_record_says_that_a_task_broke(orders: Watched) -> None:
    orders.execute("alter table orders drop due_at")
    sweep(orders)
    rows = orders.execute(
        "select task_name, status, missed, error, occurrence_id from jittask.execution_record where status = 'error' and task_name like %s",
        f"{orders.schema}%",
    ).fetchall()
    assert {row[0] for row in rows} == {orders.name("remind"), orders.name("poke")}
    assert len(rows) == 2
    assert all(missed > 0 and "due_at" in error for _, _, missed, error, _ in rows)
    with pytest.raises(psycopg.Error) as refusal:
        orders.execute("select jittask.retry(%s)", rows[0][4])
    assert refusal.value.sqlstate == "JT007"


def test_the_triggers_of_a_table_that_another_one_replaced_go(orders: Watched) -> None:
    orders.execute("""
        alter table orders rename to old_orders;
        create table orders (like old_orders including all);
        insert into orders select * from old_orders;
        update old_orders set due_at = due_at + interval '9 days'
    """)
    sweep(orders)
    rows = orders.execute(
        "select distinct tgrelid::regclass::text from pg_trigger where tgname like 'jittask%'"
    ).fetchall()
    assert ("orders",) in rows
    assert ("old_orders",) not in rows
    orders.execute(
        "update old_orders set due_at = due_at + interval '9 days'; delete from old_orders where id < 9"
    )
    orders.execute("update orders set due_at = due_at + interval '1 hour'")
    orders.check()


def test_a_composite_key_that_lost_a_column_plans_no_row_twice(orders: Watched) -> None:
    orders.execute("create table t (a int, b int, due_at timestamptz, primary key (a, b))")
    orders.task("once", "t", "due_at")
    orders.task("often", "t", "due_at", repeat="daily")
    orders.execute("insert into t select n, 1, '2026-03-05 00:00+00' from generate_series(1, 3) n")
    orders.execute("alter table t drop column b; alter table t add primary key (a)")
    sweep(orders, 8)
    assert set(orders.planned("once")) == set(orders.planned("often")) == {f'{{"a": {n}}}' for n in (1, 2, 3)}
    orders.check()


def test_triggers_that_fire_for_replicas_only_are_named(orders: Watched) -> None:
    orders.execute("alter table orders enable replica trigger jittask_watch_insert")
    sweep(orders)
    row = orders.execute(
        "select broken from jittask.watch where source_table like %s", f"{orders.schema}%"
    ).fetchone()
    assert row is not None
    assert "disabled" in row[0]
    orders.execute("alter table orders enable trigger jittask_watch_insert")
    sweep(orders)
    orders.check()


def test_triggers_for_logical_replication_that_were_disabled_and_enabled_fire_for_it_again(
    orders: Watched,
) -> None:
    orders.execute("select jittask.attach_table(%s, true)", f"{orders.schema}.orders")
    orders.execute("alter table orders disable trigger user; alter table orders enable trigger user")
    orders.execute("set session_replication_role = replica")
    orders.execute("insert into orders (id, due_at) values (98, '2026-03-05 00:00+00')")
    orders.execute("reset session_replication_role")
    sweep(orders)
    orders.execute("set session_replication_role = replica")
    orders.execute("insert into orders (id, due_at) values (99, '2026-03-05 00:00+00')")
    orders.execute("reset session_replication_role")
    orders.check()
    assert {'{"id": 98}', '{"id": 99}'} <= set(orders.planned("remind"))


def test_a_new_owner_may_make_partitions(orders: Watched) -> None:
    first, second = f"{orders.schema}_first", f"{orders.schema}_second"
    orders.execute(f"""
        create role {first}; create role {second};
        grant all on schema {orders.schema} to {first}, {second};
        create table p (id int primary key, due_at timestamptz) partition by range (id);
        alter table p owner to {first}
    """)
    orders.task("once", "p", "due_at")
    orders.execute(
        f"set role {first}; create table p_1 partition of p for values from (0) to (10); reset role"
    )
    orders.execute(f"alter table p owner to {second}; alter table p_1 owner to {second}")
    sweep(orders)
    orders.execute(f"set role {second}; create table p_2 partition of p for values from (10) to (20)")
    orders.execute("insert into p values (11, '2026-03-05 00:00+00'); reset role")
    orders.check()
    assert len(orders.planned("once")) == 1
    orders.execute(f"drop owned by {first}, {second} cascade; drop role {first}, {second}")


@pytest.mark.parametrize(("type", "using", "new"), [
    ("uuid", "gen_random_uuid()", "gen_random_uuid()"),
    ("text", "id || ' \"x'", "'new'"),
    ("date", "date '2020-01-01' + id::int", "'2030-01-01'"),
    ("bytea", "int8send(id)", "'\\x00'"),
    ("numeric", "id + 0.5", "0.25"),
])  # fmt: skip
def test_a_key_column_of_another_type_makes_all_rows_new(
    orders: Watched, type: str, using: str, new: str
) -> None:
    before = dues(orders)
    # One that a sweep has yet to plan, under the old key.
    orders.execute(
        "insert into jittask.replan (source_table, source_key, reason) values (%s, '{\"id\": 2}', 'test')",
        f"{orders.schema}.orders",
    )
    orders.execute(
        f"alter table orders alter id drop identity; alter table orders alter id type {type} using {using}"
    )
    orders.execute(f"insert into orders (id, status) values ({new}, 'shut')")
    orders.execute("update orders set due_at = due_at + interval '1 hour'")
    orders.execute("update orders set due_at = due_at - interval '1 hour'")
    sweep(orders, 8)
    assert orders.execute("select * from jittask.replan").fetchall() == []
    assert {task: len(dues(orders)[task]) for task in ("remind", "mail")} == {
        task: len(before[task]) for task in ("remind", "mail")
    }
    assert orders.differences() == []


def test_keys_of_two_shapes_for_one_row_are_planned_once(orders: Watched) -> None:
    orders.execute("create table t (id text primary key, due_at timestamptz)")
    orders.task("often", "t", "due_at", repeat="daily")
    orders.execute("insert into t values ('7', '2026-03-05 00:00+00')")
    orders.execute(
        "insert into jittask.replan (source_table, source_key, reason)"
        " select %s, k, 'test' from unnest(array['{\"id\": 7}', '{\"id\": \"7\"}']) k",
        f"{orders.schema}.t",
    )
    sweep(orders)
    orders.check()
    assert set(orders.planned("often")) == {'{"id": "7"}'}


def test_columns_of_a_table_that_was_made_anew_are_known_by_name(orders: Watched) -> None:
    orders.execute("""
        drop table orders;
        create table orders (id bigint primary key, day date, due_at timestamptz, note text, status text default 'open')
    """)
    orders.execute("select jittask.attach_table(%s)", f"{orders.schema}.orders")
    orders.execute("insert into orders (id, due_at) values (1, '2026-03-05 00:00+00')")
    sweep(orders)
    row = orders.execute(
        "select date_field, filter from jittask.task where name = %s", orders.name("remind")
    ).fetchone()
    assert row == ("due_at", {"status": "open"})
    orders.check()
    assert len(orders.planned("remind")) == 1


def test_a_rename_is_followed_though_another_task_was_defined_meanwhile(orders: Watched) -> None:
    before = dues(orders)
    orders.execute("alter table orders rename due_at to expires_at")
    orders.task("later", "orders", "expires_at", start_offset="1 day")
    sweep(orders)
    assert broken(orders) == {}
    assert dues(orders) == before
    assert orders.differences() == []


def test_a_table_in_use_gets_its_triggers_back_later_and_loses_nothing_till_then(
    orders: Watched, database: str
) -> None:
    before = dues(orders)
    orders.execute("drop trigger jittask_watch_insert on orders")
    with psycopg.connect(database) as holder:
        holder.execute(f"update {orders.schema}.orders set note = 'x' where id = 1".encode())
        sweep(orders)
        assert broken(orders) == {}
        assert dues(orders) == before
    sweep(orders)
    orders.execute("insert into orders (id, due_at) values (99, '2026-03-05 00:00+00')")
    orders.check()


@pytest.mark.parametrize("statement", [
    "insert into jittask.replan (source_table, reason) values ('{schema}.orders', 'test')",
    "insert into jittask.replan (source_table, source_key, reason) values ('{schema}.orders', '{{\"id\": 2}}', 'test')",
    "insert into jittask.reconciled select task_id from jittask.task on conflict do nothing; update jittask.reconciled set ended_at = '2000-01-01'",
])  # fmt: skip
def test_a_table_that_is_being_rewritten_keeps_no_sweep_waiting(
    orders: Watched, database: str, statement: str
) -> None:
    table = f"{orders.schema}.orders"
    orders.execute("create table other (id int primary key, due_at timestamptz)")
    orders.task("other", "other", "due_at")
    orders.execute(statement.format(schema=orders.schema))
    with psycopg.connect(database) as holder:
        holder.execute(f"lock table {table} in access exclusive mode".encode())
        with psycopg.connect(database, autocommit=True) as session:
            session.execute(
                f"set session_replication_role = replica; insert into {orders.schema}.other values (1, '2099-01-01');"
                f"insert into jittask.replan (source_table, reason) values ('{orders.schema}.other', 'test')".encode()
            )
        # Whoever waits for the lock does so until this expires.
        orders.execute("set statement_timeout = '20 s'")
        sweep(orders)
        assert set(orders.planned("other")) == {'{"id": 1}'}
        row = orders.execute("select jittask.explain(%s, '2')", orders.name("remind")).fetchone()
        assert row is not None
        assert "is being changed" in row[0]
    orders.execute("reset statement_timeout")
    orders.drain()
    orders.check()
