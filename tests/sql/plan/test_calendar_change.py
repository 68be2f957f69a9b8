"""Changing a calendar plans anew what uses it, in the same transaction, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.clock import at
from tests.support.invariants import differences
from tests.support.schedule import add_task, claim, empty, finish, register, value

MONDAY = "2030-01-07 12:00:00+00"


@pytest.fixture(autouse=True)
def _monday(connection: psycopg.Connection) -> Iterator[None]:
    empty(connection)
    at(connection, MONDAY)
    connection.execute("insert into jittask.calendar (name) values ('ours'), ('theirs')")
    yield
    at(connection, None)
    connection.execute(
        "delete from jittask.task; delete from jittask.calendar; drop table if exists contract"
    )


def planned(connection: psycopg.Connection) -> dict[str, str]:
    """The planned due time of each task, or of each row of a task."""
    rows = connection.execute(
        "select t.name || coalesce(' ' || (w.source_key ->> 'id'), ''), w.due_at at time zone 'UTC' "
        "from jittask.waiting w join jittask.task t using (task_id)"
    ).fetchall()
    assert differences(connection) == []
    return {name: f"{due:%m-%d %H:%M}" for name, due in rows}


def mark(connection: psycopg.Connection, *days: str, calendar: str = "ours", working: bool = False) -> None:
    connection.execute(
        "insert into jittask.calendar_day (calendar, day, working) select %s, d::date, %s from unnest(%s::text[]) d",
        [calendar, working, list(days)],
    )


def test_a_new_holiday_moves_what_falls_on_it(connection: psycopg.Connection) -> None:
    for name, calendar in (("ours", "ours"), ("theirs", "theirs")):
        add_task(
            connection, name=name, start_at="2030-01-08 09:00+00", repeat="daily", calendar=calendar,
            skip_holidays="nonworking",
        )  # fmt: skip
    mark(connection, "2030-01-08", "2030-01-09")
    assert planned(connection) == {"ours": "01-10 09:00", "theirs": "01-08 09:00"}


def test_a_holiday_taken_back_moves_it_back(connection: psycopg.Connection) -> None:
    mark(connection, "2030-01-08")
    add_task(
        connection, name="once", start_at="2030-01-08 09:00+00", calendar="ours", skip_holidays="holidays"
    )
    assert planned(connection) == {"once": "01-09 09:00"}
    connection.execute("delete from jittask.calendar_day")
    assert planned(connection) == {"once": "01-08 09:00"}


def test_a_weekend_that_changes_moves_what_falls_on_it(connection: psycopg.Connection) -> None:
    add_task(
        connection, name="friday", start_at="2030-01-11 09:00+00", calendar="ours", skip_holidays="nonworking"
    )
    connection.execute("update jittask.calendar set weekend = '{5,6}' where name = 'ours'")
    assert planned(connection) == {"friday": "01-13 09:00"}


def test_a_make_up_workday_draws_it_nearer(connection: psycopg.Connection) -> None:
    add_task(
        connection,
        name="saturday",
        start_at="2030-01-12 09:00+00",
        calendar="ours",
        skip_holidays="nonworking",
    )
    assert planned(connection) == {"saturday": "01-14 09:00"}
    mark(connection, "2030-01-12", working=True)
    assert planned(connection) == {"saturday": "01-12 09:00"}


def test_source_rows_move_too(connection: psycopg.Connection) -> None:
    connection.execute("create table contract (id int primary key, expires_on date)")
    connection.execute("insert into contract select n, date '2030-01-07' + n from generate_series(1, 4) n")
    for name, repeat in (("once", "none"), ("weekly", "weekly")):
        add_task(
            connection, name=name, source_table="contract", date_field="expires_on", repeat=repeat,
            calendar="ours", skip_holidays="holidays",
        )  # fmt: skip
    mark(connection, "2030-01-09")
    expected = {1: "01-08", 2: "01-10", 3: "01-10", 4: "01-11"}
    assert planned(connection) == {
        f"{name} {row}": f"{day} 00:00" for name in ("once", "weekly") for row, day in expected.items()
    }


def test_what_ran_is_not_planned_again(connection: psycopg.Connection) -> None:
    add_task(
        connection, name="daily", start_at=MONDAY, repeat="daily", calendar="ours", skip_holidays="nonworking"
    )
    finish(connection, claim(connection, register(connection)))
    assert planned(connection) == {"daily": "01-08 12:00"}
    # Today becomes a holiday after the run of today.
    mark(connection, "2030-01-07")
    assert planned(connection) == {"daily": "01-08 12:00"}
    assert value(connection, "select count(*) from jittask.run_history") == 1


def test_paused_tasks_and_tasks_that_skip_nothing_stay(connection: psycopg.Connection) -> None:
    add_task(connection, name="plain", start_at="2030-01-08 09:00+00", repeat="daily", calendar="ours")
    add_task(
        connection, name="off", start_at="2030-01-08 09:00+00", repeat="daily", calendar="ours",
        skip_holidays="nonworking", paused_at=MONDAY,
    )  # fmt: skip
    mark(connection, "2030-01-08")
    assert planned(connection) == {"plain": "01-08 09:00"}


def test_many_tasks_are_planned_anew_in_one_statement(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into jittask.task (name, kind, handler, start_at, repeat, calendar, skip_holidays) "
        "select 't' || n, 'scheduled', 'f', timestamptz '2030-01-08 00:00+00' + n * interval '1 second', 'daily', 'ours', "
        "'nonworking' from generate_series(1, 2000) n"
    )
    mark(connection, "2030-01-08")
    assert set(planned(connection).values()) <= {f"01-09 00:{minute:02}" for minute in range(60)}


def test_a_calendar_is_edited_beside_a_table_that_is_being_rewritten(
    database: str, connection: psycopg.Connection
) -> None:
    connection.execute("create table contract (id int primary key, on_day date)")
    add_task(
        connection, name="watch", source_table="contract", date_field="on_day", calendar="ours",
        skip_holidays="nonworking",
    )  # fmt: skip
    connection.execute("insert into contract values (1, '2030-01-08')")
    with psycopg.connect(database) as holder:
        holder.execute("lock table contract in access exclusive mode")
        # Whoever waits for the lock does so until this expires.
        connection.execute("set statement_timeout = '20 s'")
        mark(connection, "2030-01-08")
        connection.execute("reset statement_timeout")
    for _ in range(4):
        connection.execute("select jittask.sweep()")
    assert value(connection, "select due_at::date::text from jittask.waiting") == "2030-01-09"
