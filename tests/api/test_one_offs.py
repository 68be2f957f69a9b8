"""One-offs and records from Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jittask_pg import JitTask, NotFoundError, StateError
from tests.api.functions import anything, check_and_cancel
from tests.support.clock import at


def due(connection: psycopg.Connection, occurrence_id: int) -> datetime:
    row = connection.execute(
        "select due_at from jittask.due_queue where occurrence_id = %s", [occurrence_id]
    ).fetchone()
    assert row is not None
    return row[0]


def test_a_delay_counts_elapsed_time_from_now_by_the_servers_clock(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    at(connection, "2026-03-28 12:00+00")
    connection.execute("set timezone = 'Europe/Berlin'")
    one = jittask.enqueue(check_and_cancel, order_id=7, delay="1 day", connection=connection)
    assert due(connection, one) == datetime(2026, 3, 29, 12, tzinfo=UTC)


def test_a_due_time_is_an_instant_or_local_in_the_installations_zone(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    connection.execute("update jittask.setting set value = 'Asia/Shanghai' where name = 'timezone'")
    local = jittask.enqueue(anything, due_at="2030-01-01 10:00")
    instant = jittask.enqueue(anything, due_at=datetime(2030, 1, 1, 10, tzinfo=UTC))
    many = jittask.enqueue_many(anything, [{}, {}], due_at="2030-01-01")
    connection.execute("update jittask.setting set value = 'UTC' where name = 'timezone'")
    assert due(connection, local) == datetime(2030, 1, 1, 2, tzinfo=UTC)
    assert due(connection, instant) == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert [due(connection, one) for one in many] == 2 * [datetime(2029, 12, 31, 16, tzinfo=UTC)]


def test_many_one_offs_keep_their_order_and_their_own_due_times(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    times = [datetime(2030, 1, day, tzinfo=UTC) for day in (3, 1, 2)]
    ids = jittask.enqueue_many(anything, [{"n": n} for n in range(3)], each_due_at=times)
    assert [due(connection, one) for one in ids] == times
    args = connection.execute(
        "select args from jittask.due_queue where occurrence_id = any (%s) order by occurrence_id", [ids]
    ).fetchall()
    assert args == [({"n": 0},), ({"n": 1},), ({"n": 2},)]
    assert jittask.enqueue_many(anything, []) == []


def test_options_and_arguments_of_the_same_name_are_told_apart(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    one = jittask.enqueue(anything, args={"queue": "theirs", "title": 1}, queue="ours", title="Ours", size=2)
    row = connection.execute(
        "select queue, title, args from jittask.due_queue where occurrence_id = %s", [one]
    ).fetchone()
    assert row == ("ours", "Ours", {"queue": "theirs", "title": 1, "size": 2})


def test_a_dedupe_key_returns_the_one_there_is(jittask: JitTask) -> None:
    first = jittask.enqueue(check_and_cancel, order_id=7, dedupe_key="order 7")
    assert jittask.enqueue(check_and_cancel, order_id=8, dedupe_key="order 7") == first
    jittask.cancel(first)
    assert jittask.enqueue(check_and_cancel, order_id=7, dedupe_key="order 7") != first


def test_cancel_and_retry_say_what_became_of_an_occurrence(jittask: JitTask) -> None:
    one = jittask.enqueue(anything, delay="1 hour")
    with pytest.raises(StateError):
        jittask.retry(one)
    assert jittask.cancel(one) == "cancelled"
    assert jittask.cancel(one) == "ended"
    assert jittask.cancel(987654321) == "unknown"
    assert jittask.retry(one) > one
    with pytest.raises(NotFoundError):
        jittask.retry(987654321)


def test_records_page_through_any_number_by_due_time(jittask: JitTask) -> None:
    begin = datetime(2031, 1, 1, tzinfo=UTC)
    times = [begin + timedelta(minutes=n // 3) for n in range(2500)]
    ids = jittask.enqueue_many("paged", [{} for _ in times], each_due_at=times)
    found = list(jittask.records(since="2031-01-01", until="2031-01-02", kind="one_off"))
    expected = sorted(zip(times, ids, strict=True), reverse=True)
    upto = [one for one in expected if one[0] < begin + timedelta(days=2)]
    assert [(one.due_at, one.occurrence_id) for one in found] == upto[: len(found)]
    assert len(found) == 2500
    oldest = list(jittask.records(since=begin, newest_first=False, limit=1200, kind="one_off"))
    assert [one.occurrence_id for one in oldest] == [one for _, one in sorted(zip(times, ids, strict=True))][
        :1200
    ]
    assert list(jittask.records(since=begin, status=["completed", "error"])) == []
    assert len(list(jittask.records(since=begin, status="pending", limit=5))) == 5
