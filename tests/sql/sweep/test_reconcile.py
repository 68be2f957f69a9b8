"""Comparing a table with what is planned for it: chunk by chunk, nothing missed, nothing made worse."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched

KEYS = {
    "integer": ("id int", ["-5", "0", "7", "2000000000"]),
    "text": ("id text", ["'a'", "'B'", "E'quo\"te\\\\ %s ''x'' {}'", "'漢'"]),
    "varchar": ("id varchar(9)", ["'a'", "'b  '", "'C'", "'%'"]),
    "char": ("id char(5)", ["'a'", "'b'", "'C'"]),
    "numeric": ("id numeric", ["1.50", "-7", "'NaN'", "1e30"]),
    "uuid": ("id uuid", ["'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "'00000000-8b86-d011-b42d-00c04fc964fe'"]),
    "bytea": ("id bytea", ["'\\x00ff'", "'\\x'", "'\\xff'"]),
    "bool": ("id bool", ["true", "false"]),
    "date": ("id date", ["'-infinity'", "'2026-01-01'", "'4000-01-01 BC'", "'infinity'"]),
    "time": ("id time", ["'00:00'", "'23:59:59.5'"]),
    "timestamptz": ("id timestamptz", ["'2026-01-01 00:00+00'", "'2026-01-01 00:00:00.5+00'", "'infinity'"]),
    "enum": ("id mood", ["'sad'", "'ok'", "'it''s 100%'"]),
    "domain": ("id positive", ["1", "2", "30"]),
    "citext": ("id citext", ["'Abc'", "'abd'", "'B'", "'a'", "'Z'"]),
    "odd name": ("\"%I 'x'\" int", ["1", "2"]),
    "two columns": ("a text, id int", ["'b', 1", "'B', 5", "'a', 9", "'b', 2"]),
    "an enum and a number": ("a mood, id int", ["'sad', 1", "'ok', 1", "'sad', 2", "'ok', 0"]),
    "a number and citext": ("a int, id citext", ["1, 'a'", "1, 'B'", "2, 'A'", "2, 'b'", "0, 'c'"]),
}  # fmt: skip


@pytest.fixture
def watched(connection: psycopg.Connection) -> Iterator[Watched]:
    if connection.execute("select from pg_available_extensions where name = 'citext'").fetchone() is not None:
        connection.execute("create extension if not exists citext with schema public")
    clock.at(connection, "2026-03-02 09:00+00")
    made = Watched(connection)
    yield made
    made.close()


@pytest.fixture
def orders(watched: Watched) -> Watched:
    watched.orders()
    watched.execute("""
        insert into orders (id, status, due_at, day)
        select n, case when n % 2 = 0 then 'open' else 'paid' end,
          '2026-03-02 06:30+00'::timestamptz + n * interval '17 minutes', date '2026-03-03' + n::int
        from generate_series(1, 20) n
    """)
    return watched


def bypassing(watched: Watched, statements: str) -> None:
    """Write as a replica does, past all triggers."""
    watched.execute("set session_replication_role = replica")
    watched.execute(statements)
    watched.execute("reset session_replication_role")


def reconcile(watched: Watched, table: str = "orders") -> dict[str, tuple[int, int, int]]:
    rows = watched.execute(
        "select task_name, missing, extra, wrong from jittask.reconcile(%s::regclass)",
        f"{watched.schema}.{table}",
    ).fetchall()
    return {name.removeprefix(f"{watched.schema}_"): tuple(counts) for name, *counts in rows}


def in_chunks_of_one(watched: Watched, task: str) -> list[tuple[str, str]]:
    """Every key that differs, with its fault, each row looked at by a chunk of its own."""
    found: list[tuple[str, str]] = []
    after: list[str] | None = None
    for _ in range(50):
        row = watched.connection.execute(
            """
            select c.last_key, c.looked, c.keys, c.faults
            from jittask.task t
            join jittask.plan p using (task_id)
            join jittask.watch w using (source_table)
            cross join lateral jittask.compare_chunk(t, p, w, %s, 1, jittask.now()) c
            where t.name = %s
            """,
            [after, watched.name(task)],
        ).fetchone()
        assert row is not None
        after, looked, keys, faults = row
        if after is None:
            return found
        assert looked == 1
        found += zip(keys, faults, strict=True)
    raise AssertionError(found)


@pytest.mark.parametrize("kind", KEYS)
def test_chunks_visit_every_row_once_whatever_its_key(watched: Watched, kind: str) -> None:
    columns, keys = KEYS[kind]
    if "citext" in columns and watched.execute("select to_regtype('citext')").fetchone() == (None,):
        pytest.skip("citext is not installed on this server")
    watched.execute(
        "create type mood as enum ('sad', 'ok', 'it''s 100%'); create domain positive as int check (value > 0)"
    )
    key = "a, id" if columns.startswith("a ") else columns.rsplit(" ", 1)[0]
    watched.execute(f"create table t ({columns}, due_at timestamptz, primary key ({key}))")
    watched.task("once", "t", "due_at")
    watched.task("often", "t", "due_at", repeat="daily")
    bypassing(
        watched, "; ".join(f"insert into t ({key}, due_at) values ({k}, '2026-03-03 10:00+00')" for k in keys)
    )
    for task in ("once", "often"):
        found = in_chunks_of_one(watched, task)
        assert len({found_key for found_key, _ in found}) == len(found) == len(keys)
        assert {fault for _, fault in found} == {"missing"}
    assert reconcile(watched, "t") == {"once": (len(keys), 0, 0), "often": (len(keys), 0, 0)}
    assert in_chunks_of_one(watched, "once") == []
    watched.check()
    bypassing(watched, "truncate t")
    assert reconcile(watched, "t") == {"once": (0, len(keys), 0), "often": (0, len(keys), 0)}
    watched.check()


def test_no_check_or_cast_of_the_table_runs_while_keys_are_compared(watched: Watched) -> None:
    watched.execute("""
        create table seen (what text);
        create function look(int) returns bool language plpgsql as $$
          begin insert into seen values ('check'); return true; end $$;
        create domain watched_int as int check (look(value));
        create type mood as enum ('sad', 'ok');
        create function said(mood) returns text language plpgsql as $$
          begin insert into seen values ('cast'); return 'x'; end $$;
        create function heard(text) returns mood language plpgsql as $$
          begin insert into seen values ('cast'); return 'sad'; end $$;
        create cast (mood as text) with function said(mood) as implicit;
        create cast (text as mood) with function heard(text) as implicit;
        create table t (a mood, id watched_int, due_at timestamptz, primary key (a, id))
    """)
    watched.task("once", "t", "due_at")
    bypassing(
        watched, "insert into t values ('sad', 1, '2026-03-03 10:00+00'), ('ok', 2, '2026-03-03 10:00+00')"
    )
    watched.execute("truncate seen")
    assert len(in_chunks_of_one(watched, "once")) == 2
    reconcile(watched, "t")
    watched.execute(
        "insert into jittask.replan (source_table, reason) values (%s, 'test')", f"{watched.schema}.t"
    )
    watched.drain()
    watched.check()
    assert watched.execute("select * from seen").fetchall() == []


def test_every_fault_is_counted_and_mended(orders: Watched) -> None:
    bypassing(orders, """
        delete from orders where id in (18, 20);
        update orders set due_at = due_at + interval '1 day' where id in (12, 14, 16);
        update orders set status = 'paid' where id = 10;
        insert into orders (id, due_at, day) values (30, '2026-03-05 00:00+00', '2026-05-01')
    """)  # fmt: skip
    assert reconcile(orders) == {"remind": (1, 3, 3), "poke": (1, 2, 3), "mail": (1, 2, 0)}
    orders.check()
    assert reconcile(orders) == {"remind": (0, 0, 0), "poke": (0, 0, 0), "mail": (0, 0, 0)}


@pytest.mark.parametrize("way", ["reconcile", "sweep"])
def test_a_series_whose_row_is_gone_goes(orders: Watched, way: str) -> None:
    orders.execute("update orders set day = '2026-01-01' where id < 4")
    bypassing(orders, "delete from orders where id < 6")
    if way == "reconcile":
        reconcile(orders)
    else:
        compare_now(orders)
    orders.check()
    left = "select count(*) from jittask.series s join jittask.task t using (task_id) where t.name = %s"
    assert orders.execute(left, orders.name("poke")).fetchone() == (15,)


def compare_now(watched: Watched) -> None:
    """Let the sweep compare everything, as it does every hour."""
    watched.execute("insert into jittask.reconciled select task_id from jittask.task on conflict do nothing")
    watched.execute("update jittask.reconciled set ended_at = clock_timestamp() - interval '2 hours'")
    for _ in range(12):
        watched.execute("select jittask.sweep()")


@pytest.mark.parametrize("way", ["reconcile", "sweep"])
def test_what_went_overdue_is_no_fault(orders: Watched, way: str) -> None:
    before = {task: orders.planned(task) for task in ("remind", "poke", "mail")}
    assert min(map(len, before.values())) > 0
    clock.at(orders.connection, "2026-03-09 09:00+00")
    if way == "reconcile":
        assert set(reconcile(orders).values()) == {(0, 0, 0)}
    else:
        compare_now(orders)
    assert {task: orders.planned(task) for task in before} == before


@pytest.mark.parametrize("way", ["whole", "rows"])
def test_a_series_that_went_overdue_stays_planned_when_its_rows_are_planned_anew(
    orders: Watched, way: str
) -> None:
    before = orders.planned("poke")
    clock.at(orders.connection, "2026-03-04 09:00+00")
    orders.execute(
        "insert into jittask.replan (source_table, source_key, reason) select %s, k, 'test' from unnest(%s::text[]) k",
        f"{orders.schema}.orders",
        [None] if way == "whole" else list(before),
    )
    orders.drain()
    assert orders.planned("poke") == before
    assert orders.differences() == []


def test_what_was_called_off_stays_so(orders: Watched) -> None:
    orders.execute(
        "select jittask.cancel(w.occurrence_id) from jittask.waiting w join jittask.task t using (task_id) where t.name = %s",
        orders.name("remind"),
    )
    assert reconcile(orders)["remind"] == (0, 0, 0)
    assert orders.planned("remind") == {}


def test_a_partition_is_compared_with_its_whole_table(watched: Watched) -> None:
    watched.execute("""
        create table t (id int primary key, due_at timestamptz) partition by range (id);
        create table t_1 partition of t for values from (0) to (100)
    """)
    watched.task("once", "t", "due_at")
    watched.execute("insert into t select n, '2026-03-03 10:00+00' from generate_series(1, 5) n")
    watched.execute("truncate t_1")
    assert reconcile(watched, "t_1") == {"once": (0, 5, 0)}
    watched.check()


def test_a_renamed_table_and_column_are_followed_first(orders: Watched) -> None:
    orders.execute(
        "alter table orders rename to purchases; alter table purchases rename due_at to expires_at"
    )
    bypassing(orders, "delete from purchases where id = 20")
    assert reconcile(orders, "purchases")["remind"] == (0, 1, 0)
    orders.drain()
    assert orders.differences() == []


def test_a_paused_task_has_no_fault(orders: Watched) -> None:
    orders.execute("select jittask.pause(%s)", orders.name("remind"))
    bypassing(orders, "delete from orders where id = 20")
    assert reconcile(orders) == {"remind": (0, 0, 0), "poke": (0, 1, 0), "mail": (0, 1, 0)}


def test_a_table_that_nothing_watches_gives_no_row_and_one_that_is_gone_is_refused(orders: Watched) -> None:
    orders.execute("create table bare (id int)")
    assert reconcile(orders, "bare") == {}
    with pytest.raises(psycopg.Error) as refusal:
        orders.execute("select jittask.reconcile(1)")
    assert refusal.value.sqlstate == "JT001"


def test_rows_that_a_writer_holds_are_left_to_the_sweep(orders: Watched, database: str) -> None:
    bypassing(orders, "update orders set due_at = due_at + interval '1 day' where id in (16, 18)")
    with psycopg.connect(database) as writer:
        writer.execute(f"update {orders.schema}.orders set note = 'x' where id = 16".encode())
        assert reconcile(orders)["remind"] == (0, 0, 2)
        rows = orders.execute(
            "select source_key from jittask.replan where reason like 'a writer%'"
        ).fetchall()
        assert set(rows) == {('{"id": 16}',)}
        writer.rollback()
    orders.drain()
    orders.check()
