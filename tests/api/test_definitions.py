"""Definitions: where the first occurrence lies, what a repeated definition changes, and what is refused."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jittask_pg import (
    InvalidValueError,
    JitTask,
    LockError,
    NotFoundError,
    Rule,
    WatchError,
    cron,
    daily,
    days,
    every,
    hourly,
    hours,
    minutes,
    monthly,
    once,
    weekly,
    yearly,
)
from tests.api.functions import anything, check_and_cancel, remind, report, with_context
from tests.support.clock import at


class Base(DeclarativeBase):
    pass


class Contract(Base):
    __tablename__ = "contract"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    expires_on: Mapped[date | None]
    ended_on: Mapped[date | None]


@pytest.fixture(scope="module", autouse=True)
def contract(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            "create table contract (id int primary key, status text, expires_on date, ended_on date,"
            ' "Odd Name" timestamptz); create table keyless (expires_on date)'
        )


@pytest.fixture
def fixed(connection: psycopg.Connection) -> psycopg.Connection:
    """A session in which it is Tuesday 10 February 2026, 12:00:00.5 in Shanghai."""
    at(connection, "2026-02-10 12:00:00.5+08")
    return connection


def task(connection: psycopg.Connection, name: str) -> dict[str, Any]:
    cursor = connection.execute("select * from jittask.task where name = %s", [name])
    row = cursor.fetchone()
    assert row is not None
    assert cursor.description
    return {column.name: value for column, value in zip(cursor.description, row, strict=True)}


def first(jittask: JitTask, connection: psycopg.Connection, rule: Rule | None, **options: Any) -> str:
    """The first occurrence of a rule, local in Shanghai."""
    name = jittask.schedule(
        "first", report, rule, connection=connection, **{"timezone": "Asia/Shanghai", **options}
    )
    [planned] = jittask.preview(name, 1, connection=connection)
    jittask.remove(name, connection=connection)
    return planned.due_at.astimezone(ZoneInfo(options.get("timezone", "Asia/Shanghai"))).strftime(
        "%Y-%m-%d %H:%M:%S"
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (daily("09:00"), "2026-02-11 09:00:00"),
        (daily("12:00"), "2026-02-11 12:00:00"),
        (daily("12:00:01"), "2026-02-10 12:00:01"),
        (daily(), "2026-02-11 12:00:00"),
        (daily("09:00", every=3), "2026-02-11 09:00:00"),
        (hourly(), "2026-02-10 13:00:00"),
        (hourly(30), "2026-02-10 12:30:00"),
        (hourly(0), "2026-02-10 13:00:00"),
        (weekly("tuesday", "09:00"), "2026-02-17 09:00:00"),
        (weekly("tuesday", "13:00"), "2026-02-10 13:00:00"),
        (weekly("monday"), "2026-02-16 00:00:00"),
        (weekly(["mon", "wed"], "09:00"), "2026-02-11 09:00:00"),
        (monthly(10, "09:00"), "2026-03-10 09:00:00"),
        (monthly(15, "09:00"), "2026-02-15 09:00:00"),
        (monthly(31, "09:00"), "2026-02-28 09:00:00"),
        (monthly(31, "09:00", overflow="skip"), "2026-03-31 09:00:00"),
        (yearly("02-10", "09:00"), "2027-02-10 09:00:00"),
        (yearly("02-29", "09:00"), "2026-02-28 09:00:00"),
        (every(minutes=30), "2026-02-10 12:30:00"),
        (cron("0 9 * * *"), "2026-02-11 09:00:00"),
    ],
)
def test_without_a_start_a_rule_begins_with_the_next_time_it_names(
    jittask: JitTask, fixed: psycopg.Connection, rule: Rule, expected: str
) -> None:
    assert first(jittask, fixed, rule) == expected


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        (daily("09:00"), "2026-03-01 09:00", "2026-03-01 09:00:00"),
        (daily("09:00"), "2026-03-01 09:01", "2026-03-02 09:00:00"),
        (daily("09:00"), date(2026, 3, 1), "2026-03-01 09:00:00"),
        (daily("09:00"), datetime(2026, 3, 1, 1, tzinfo=UTC), "2026-03-01 09:00:00"),
        (daily("09:00"), "2020-01-01", "2026-02-11 09:00:00"),
        (daily(), "2026-03-01 07:30", "2026-03-01 07:30:00"),
        (weekly("friday"), "2026-03-01 07:30", "2026-03-06 07:30:00"),
        (monthly(31), "2027-02-10", "2027-03-31 00:00:00"),
        (every(hours=2), "2026-03-01T07:30+08:00", "2026-03-01 07:30:00"),
        (once(), "2026-03-01 07:30", "2026-03-01 07:30:00"),
        (None, "2026-03-01 07:30", "2026-03-01 07:30:00"),
    ],
)
def test_a_rule_begins_with_the_first_time_it_names_at_or_after_its_start(
    jittask: JitTask, fixed: psycopg.Connection, rule: Rule | None, start: Any, expected: str
) -> None:
    assert first(jittask, fixed, rule, start=start) == expected


def test_a_monthly_rule_on_the_31st_returns_to_it_after_short_months(
    jittask: JitTask, fixed: psycopg.Connection
) -> None:
    jittask.schedule("m31", report, monthly(31, "09:00"), connection=fixed)
    days_found = [
        one.due_at.astimezone(UTC).strftime("%m-%d") for one in jittask.preview("m31", 4, connection=fixed)
    ]
    assert days_found == ["02-28", "03-31", "04-30", "05-31"]


def test_a_daily_rule_that_begins_in_a_gap_of_the_clock_keeps_its_time(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    at(connection, "2026-03-29 01:00+01")
    jittask.schedule("gap", report, daily("02:30"), timezone="Europe/Berlin", connection=connection)
    local = [
        one.due_at.astimezone(ZoneInfo("Europe/Berlin")).strftime("%d %H:%M")
        for one in jittask.preview("gap", 2, connection=connection)
    ]
    assert local == ["29 03:00", "30 02:30"]


def test_the_same_definition_again_changes_nothing(jittask: JitTask, connection: psycopg.Connection) -> None:
    def define() -> None:
        at(connection, None)
        jittask.schedule("same", report, daily("09:00"), timezone="Asia/Shanghai", connection=connection)
        jittask.schedule("same_interval", report, every(minutes=7), connection=connection)
        jittask.on_date(
            Contract.expires_on, remind, offset=days(-3), at="09:00", name="same_date", connection=connection
        )

    define()
    names = ["same", "same_interval", "same_date"]
    before = [task(connection, name) for name in names]
    versions = connection.execute("select task_id, plan_no from jittask.plan order by 1").fetchall()
    define()
    assert [task(connection, name) for name in names] == before
    assert connection.execute("select task_id, plan_no from jittask.plan order by 1").fetchall() == versions


def test_a_changed_definition_updates_and_what_it_leaves_out_is_default_again(
    jittask: JitTask, fixed: psycopg.Connection
) -> None:
    jittask.schedule(
        "changing", report, daily("09:00"), priority=5, timeout=minutes(3), title="Old", connection=fixed
    )
    jittask.pause("changing", connection=fixed)
    before = task(fixed, "changing")
    jittask.schedule("changing", "services.Other.run", daily("10:00"), args={"a": 1}, connection=fixed)
    after = task(fixed, "changing")
    assert (before["priority"], before["timeout"], before["title"]) == (5, timedelta(minutes=3), "Old")
    assert (after["priority"], after["timeout"], after["title"]) == (100, None, None)
    assert (after["handler"], after["args"], after["task_id"]) == (
        "services.Other.run",
        {"a": 1},
        before["task_id"],
    )
    assert after["start_at"] == datetime(2026, 2, 10, 10, tzinfo=UTC)
    assert after["paused_at"] is not None


def test_an_offset_of_24_hours_is_another_than_a_day(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    jittask.on_date("contract.expires_on", remind, offset=days(1), name="a_day", connection=connection)
    jittask.on_date("contract.expires_on", remind, offset=hours(24), name="a_day", connection=connection)
    stored = connection.execute("select start_offset::text from jittask.task where name = 'a_day'").fetchone()
    assert stored == ("24:00:00",)


def test_a_date_as_end_means_through_that_local_day(jittask: JitTask, fixed: psycopg.Connection) -> None:
    jittask.schedule(
        "ends", report, daily("09:00"), end="2026-02-12", timezone="Asia/Shanghai", connection=fixed
    )
    assert task(fixed, "ends")["end_at"] == datetime(2026, 2, 12, 15, 59, 59, 999999, tzinfo=UTC)
    assert len(jittask.preview("ends", connection=fixed)) == 2


def test_a_zone_may_be_a_zoneinfo(jittask: JitTask, connection: psycopg.Connection) -> None:
    jittask.schedule("zoned", report, daily("09:00"), timezone=ZoneInfo("Asia/Shanghai"))
    assert task(connection, "zoned")["timezone"] == "Asia/Shanghai"


def test_a_calendar_alone_skips_free_days(jittask: JitTask, connection: psycopg.Connection) -> None:
    connection.execute("insert into jittask.calendar (name) values ('CN') on conflict do nothing")
    jittask.schedule("skips", report, daily("09:00"), calendar="CN", connection=connection)
    assert task(connection, "skips")["skip_holidays"] == "nonworking"
    jittask.schedule(
        "skips", report, daily("09:00"), calendar="CN", skip_holidays=False, connection=connection
    )
    assert task(connection, "skips")["skip_holidays"] == "none"


def test_a_date_field_task_takes_columns_conditions_and_ends_in_any_form(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    table = Table("contract", MetaData(), *(column._copy() for column in Contract.__table__.columns))
    names = [
        jittask.on_date(Contract.expires_on, remind, offset=days(-3), at="09:00", where=Contract.status == "active",
                        repeat=weekly(), end=Contract.ended_on, end_offset=days(1), end_at="18:00", name="by_class"),
        jittask.on_date(table.c.expires_on, remind, offset="-3 days", at="09:00", where=table.c.status == "active",
                        repeat=weekly(), end=table.c.ended_on, end_offset="1 day", end_at="18:00", name="by_table"),
        jittask.on_date("public.contract.expires_on", remind, offset=timedelta(days=-3), at="09:00",
                        where={"field": "status", "op": "=", "value": "active"}, repeat=weekly(), end="ended_on",
                        end_offset=days(1), end_at="18:00", name="by_name"),
    ]  # fmt: skip
    stored = connection.execute(
        "select distinct source_table, date_field, start_offset::text, at_time::text, filter, repeat, end_field,"
        " end_offset::text, end_at_time::text from jittask.task where name = any (%s)",
        [names],
    ).fetchall()
    assert stored == [
        ("public.contract", "expires_on", "-3 days", "09:00:00",
         {"field": "status", "op": "=", "value": "active"}, "weekly", "ended_on", "1 day", "18:00:00")
    ]  # fmt: skip
    jittask.on_date('"contract"."Odd Name"', remind, name="odd", end="2026-12-31")
    assert task(connection, "odd")["date_field"] == "Odd Name"
    assert task(connection, "odd")["end_at"] == datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_rows_are_planned_in_the_transaction_that_writes_them(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    name = jittask.on_date(
        Contract.expires_on, remind, offset=days(-3), at="09:00", where=Contract.status == "active"
    )
    assert name == "contract_expires_on_remind_minus_3_days"
    connection.execute("insert into contract values (1, 'active', '2035-05-10'), (2, 'closed', '2035-05-10')")
    [planned] = jittask.preview(name)
    assert (planned.source_key, planned.due_at) == ({"id": 1}, datetime(2035, 5, 7, 9, tzinfo=UTC))
    assert jittask.preview(name, source_key=1) == [planned]
    assert jittask.run_now(name, {"id": 2}) > 0
    [record] = jittask.records(name, source_key={"id": 1})
    assert (record.status, record.kind) == ("pending", "date_field")
    assert "Asia" not in jittask.explain(name, 1)
    connection.execute("delete from contract")


def test_two_unnamed_definitions_that_differ_must_be_named(jittask: JitTask) -> None:
    jittask.on_date(Contract.ended_on, remind, where=Contract.status == "a")
    jittask.on_date(Contract.ended_on, remind, where=Contract.status == "a")
    with pytest.raises(InvalidValueError, match="name="):
        jittask.on_date(Contract.ended_on, remind, where=Contract.status == "b")


def test_a_registered_function_goes_by_its_registered_name(
    jittask: JitTask, connection: psycopg.Connection
) -> None:
    @jittask.handler(name="tests.nested")
    def nested(context: object) -> None: ...

    jittask.schedule("registered", nested, daily())
    jittask.schedule("by_path", report, daily())
    assert task(connection, "registered")["handler"] == "tests.nested"
    assert task(connection, "by_path")["handler"] == "tests.api.functions.report"


def test_source_stands_for_a_function(jittask: JitTask, connection: psycopg.Connection) -> None:
    jittask.schedule("inline", None, daily(), source="def run():\n    return 1\n")
    assert task(connection, "inline")["source"].startswith("def run")


def test_pause_resume_and_remove_say_when_there_is_no_such_task(jittask: JitTask) -> None:
    jittask.schedule("switched", report, daily())
    jittask.pause("switched")
    assert jittask.preview("switched") == []
    jittask.resume("switched")
    assert len(jittask.preview("switched", 2)) == 2
    assert jittask.remove("switched")
    assert not jittask.remove("switched")
    for call in (jittask.pause, jittask.resume, jittask.explain, jittask.preview, jittask.run_now):
        with pytest.raises(NotFoundError, match="switched"):
            call("switched")


def test_a_definition_waits_for_the_table_and_names_who_holds_it(
    jittask: JitTask, database: str, connection: psycopg.Connection
) -> None:
    connection.execute("create table held (id int primary key, due_on date)")
    impatient = JitTask(database, lock_patience=0)
    told: list[str] = []
    with psycopg.connect(database) as holder:
        holder.execute("insert into held values (1, '2035-01-01')")
        with pytest.raises(LockError, match="held"):
            impatient.on_date("held.due_on", remind, name="held")

        class Release(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                told.append(record.getMessage())
                if len(told) == 2:
                    holder.commit()

        logger, release = logging.getLogger("jittask_pg.api"), Release()
        logger.addHandler(release)
        try:
            jittask.on_date("held.due_on", remind, name="held")
        finally:
            logger.removeHandler(release)
        assert len(told) == 2
        assert f"pid {holder.info.backend_pid}" in told[0]
    assert [one.source_key for one in jittask.preview("held")] == [{"id": 1}]
    impatient.close()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda jt: jt.schedule("w", report), "start"),
        (lambda jt: jt.schedule("", report, daily()), "name"),
        (lambda jt: jt.schedule("w", None, daily()), "function"),
        (lambda jt: jt.schedule("w", report, daily(), source="x"), "source"),
        (lambda jt: jt.schedule("w", report, "daily"), "rule"),
        (lambda jt: jt.schedule("w", report, cron("0 99 * * *")), "99"),
        (lambda jt: jt.schedule("w", report, daily(), timezone="UTC+8"), "UTC"),
        (lambda jt: jt.schedule("w", report, daily(), timezone=8), "timezone"),
        (lambda jt: jt.schedule("w", report, daily(), calendar=True), "calendar"),
        (lambda jt: jt.enqueue(anything, dedupe_key=7), "dedupe_key"),
        (lambda jt: jt.schedule("w", report, daily(), start="2026-01-02", end="2026-01-01"), "end"),
        (lambda jt: jt.schedule("w", report, daily(), start="tomorrow"), "start"),
        (lambda jt: jt.schedule("w", report, daily(), args=[1]), "args"),
        (lambda jt: jt.schedule("w", report, daily(), args={"x": 1}), "report"),
        (lambda jt: jt.schedule("w", anything, daily(), args={"x": object()}), "args.x"),
        (lambda jt: jt.schedule("w", lambda: None, daily()), "handler"),
        (lambda jt: jt.schedule("w", 7, daily()), "handler"),
        (lambda jt: jt.schedule("w", report, daily(), priority="high"), "priority"),
        (lambda jt: jt.schedule("w", report, daily(), max_attempts=0), "max_attempts"),
        (lambda jt: jt.schedule("w", report, daily(), timeout="soon"), "timeout"),
        (lambda jt: jt.schedule("w", report, daily(), overlap="never"), "overlap"),
        (lambda jt: jt.schedule("w", report, daily(), capture_log=1), "capture_log"),
        (lambda jt: jt.schedule("w", report, daily(), colour="red"), "colour"),
        (lambda jt: jt.schedule("w", report, daily(), calendar="XX"), "calendar"),
        (lambda jt: jt.schedule("w", report, daily(), skip_holidays=True), "calendar"),
        (lambda jt: jt.schedule("w", report, daily(), calendar="XX", skip_holidays="some"), "skip_holidays"),
        (lambda jt: jt.on_date("expires_on", remind), "table"),
        (lambda jt: jt.on_date(Contract, remind), "column"),
        (lambda jt: jt.on_date("contract.nothing", remind), "nothing"),
        (lambda jt: jt.on_date("nowhere.expires_on", remind), "nowhere"),
        (lambda jt: jt.on_date("contract.status", remind), "status"),
        (lambda jt: jt.on_date(Contract.expires_on, remind, offset=hours(1), at="09:00"), "at"),
        (lambda jt: jt.on_date(Contract.expires_on, remind, repeat=daily("09:00")), "repeat"),
        (lambda jt: jt.on_date(Contract.expires_on, remind, end_offset=days(1)), "end_offset"),
        (lambda jt: jt.on_date(Contract.expires_on, remind, past_due="never"), "past_due"),
        (lambda jt: jt.on_date(Contract.expires_on, check_and_cancel, args={"a": 1}), "check_and_cancel"),
        (lambda jt: jt.on_date(Contract.expires_on, remind, where={"nothing": 1}), "nothing"),
        (lambda jt: jt.enqueue(check_and_cancel), "order_id"),
        (lambda jt: jt.enqueue(with_context), "order_id"),
        (lambda jt: jt.enqueue(anything, delay="30 minutes", due_at="2030-01-01"), "delay"),
        (lambda jt: jt.enqueue(anything, delay="1 month"), "delay"),
        (lambda jt: jt.enqueue(anything, retry_delay="-1 s"), "retry_delay"),
        (lambda jt: jt.enqueue(anything, queue=""), "queue"),
        (lambda jt: jt.enqueue(anything, args={"a": 1}, a=2), "a"),
        (lambda jt: jt.enqueue_many(anything, [{"a": 1}, {"b": object()}]), r"args\[1\]"),
        (lambda jt: jt.enqueue_many(anything, [{}], each_due_at=[]), "each_due_at"),
        (lambda jt: jt.enqueue_many(anything, [{}], colour="red"), "colour"),
        (lambda jt: list(jt.records(status="late")), "status"),
        (lambda jt: list(jt.records(since="soon")), "since"),
        (lambda jt: jt.cancel("7"), "occurrence_id"),
        (lambda jt: jt.run_now("w", object()), "source_key"),
        (lambda jt: JitTask(7), "dsn"),
    ],
)
def test_wrong_input_is_refused_by_the_name_of_its_field_and_writes_nothing(
    jittask: JitTask, connection: psycopg.Connection, call: Callable[[Any], object], named: str
) -> None:
    with pytest.raises(InvalidValueError, match=named):
        call(jittask)
    assert connection.execute("select from jittask.task where name = 'w'").fetchone() is None


def test_a_table_without_a_key_is_refused(jittask: JitTask) -> None:
    with pytest.raises(WatchError, match="keyless"):
        jittask.on_date("keyless.expires_on", remind)


def test_programs_that_start_together_define_one_task(database: str, connection: psycopg.Connection) -> None:
    failures: list[BaseException] = []

    def define() -> None:
        try:
            with JitTask(database) as one:
                one.schedule("together", report, daily("09:00"))
                one.on_date(Contract.expires_on, remind, offset=days(-2), name="together_date")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=define) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    versions = connection.execute(
        "select p.plan_no from jittask.plan p join jittask.task t using (task_id) where t.name like 'together%'"
    ).fetchall()
    assert versions == [(1,), (1,)]
