"""Whatever tasks there are: exported and applied elsewhere they are the same, and applying again changes nothing."""

from __future__ import annotations

import json
import shutil
import string
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.schedule import add_task

from .conftest import Run
from .folders import definitions, read, versions


@pytest.fixture(autouse=True)
def _contracts(connection: psycopg.Connection) -> None:
    connection.execute(
        'create table if not exists "Contract" (id bigint primary key, starts_at timestamptz, ends_on date, amount numeric)'
    )
    connection.execute(
        """insert into "Contract" select n, '2100-01-01'::timestamptz + n * interval '1 hour', '2100-02-01' from generate_series(1, 5) n on conflict do nothing"""
    )
    connection.execute("insert into jittask.calendar (name) values ('work days') on conflict do nothing")


LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf"))
ANYTHING = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
NAMES = st.one_of(
    st.text(string.ascii_letters + "./%~ _-", min_size=1, max_size=20),
    st.text(LETTERS, min_size=1, max_size=200),
    st.sampled_from(["calendars", "Calendars", "task.toml", "inner.py", ".", "..", "%63alendars", "报" * 200, "报" * 199]),
).map(lambda name: name.strip(" ")).filter(bool)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=3).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, ANYTHING),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANYTHING, inner, max_size=3)),
    max_leaves=12,
)
SOURCES = st.builds(
    lambda text, newline, last: newline.join(["# -*- é", "def run(*row):", f"    return {text!r}"]) + last,
    ANYTHING, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", "\r\n", "\n\n"]),
)  # fmt: skip
INSTANTS = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
OFFSETS = st.builds(
    lambda months, days, micros: f"{months} months {days} days {micros} microseconds",
    st.integers(-5000, 5000), st.integers(-9999, 9999), st.integers(-(10**15), 10**15),
)  # fmt: skip
WHOLE_DAYS = st.builds(
    lambda months, days: f"{months} months {days} days", st.integers(-99, 99), st.integers(-999, 999)
)
LENGTHS = st.timedeltas(timedelta(microseconds=1), timedelta(days=366))
TIMES = st.times(max_value=time(23, 59, 59, 999999))
FILTERS = st.sampled_from([
    {"amount": None},
    {"amount": 100.50},
    {"or": [{"amount": 1}, {"field": "ends_on", "op": "<", "value": {"field": "starts_at"}}, {"not": {"id": 7}}]},
    {"field": "id", "op": "in", "value": [1, 2, 12345678901]},
])  # fmt: skip


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "title": draw(maybe(ANYTHING.filter(lambda text: text.strip(" ")))),
        "args": draw(st.just({}) | st.dictionaries(ANYTHING, JSON, max_size=4)),
        "timezone": draw(
            st.sampled_from([None, "UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"])
        ),
        "month_overflow": draw(st.sampled_from(["clamp", "skip"])),
        "max_runs": draw(maybe(st.integers(1, 2**31 - 1))),
        "queue": draw(st.sampled_from(["default", "mail", "Ünïcode 'queue'"])),
        "priority": draw(st.integers(-(2**31) + 1, 2**31 - 1)),
        "timeout": draw(maybe(LENGTHS)),
        "max_attempts": draw(st.integers(1, 1000)),
        "retry_delay": draw(LENGTHS),
        "isolation": draw(st.sampled_from(["thread", "process"])),
        "max_running": draw(maybe(st.integers(1, 9))),
        "overlap": draw(st.sampled_from(["skip", "wait", "allow"])),
        "misfire": draw(st.sampled_from(["latest", "all", "skip"])),
        "misfire_grace": draw(LENGTHS),
        "misfire_cap": draw(st.integers(1, 1000)),
        "catchup_window": draw(LENGTHS),
        "capture_log": draw(st.booleans()),
        "paused_at": draw(maybe(st.just("2026-01-01"))),
    }
    columns["transactional"] = columns["isolation"] == "thread" and draw(st.booleans())
    if draw(st.booleans()):
        columns["calendar"] = "work days"
        columns["skip_holidays"] = draw(st.sampled_from(["none", "nonworking", "holidays"]))
        columns["holiday_policy"] = draw(st.sampled_from(["next_workday", "previous_workday", "drop"]))
    columns["repeat"] = draw(
        st.sampled_from(["none", "hourly", "daily", "weekly", "monthly", "yearly", "interval", "cron"])
    )
    if columns["repeat"] == "interval":
        columns["period"] = draw(
            st.sampled_from(["1 day", "24:00:00", "90 minutes", "1 day 00:00:00.000001", "99999 days 23:00"])
        )
    elif columns["repeat"] == "cron":
        columns["cron"] = draw(st.sampled_from(["0 9 * * mon-fri", "*/5 0 9 1 * *"]))
    elif columns["repeat"] != "none":
        columns["every"] = draw(st.integers(1, 1000))
    columns["source" if draw(st.booleans()) else "handler"] = draw(SOURCES)
    if "handler" in columns:
        columns["handler"] = draw(st.sampled_from(["app.report", "report \" ' \\ 报"]))
    if draw(st.booleans()):
        start, end = sorted(draw(st.tuples(INSTANTS, INSTANTS)))
        return columns | {"start_at": start, "end_at": draw(maybe(st.just(end)))}
    columns |= {
        "source_table": '"Contract"',
        "date_field": draw(st.sampled_from(["starts_at", "ends_on"])),
        "filter": draw(maybe(FILTERS)),
        "end_at": draw(maybe(INSTANTS)),
        "past_due": draw(st.sampled_from(["ignore", "run_now"])),
    }
    if draw(st.booleans()):
        columns |= {"start_offset": draw(WHOLE_DAYS), "at_time": draw(TIMES)}
    else:
        columns["start_offset"] = draw(OFFSETS)
    if draw(st.booleans()):
        columns |= {"end_field": "ends_on", "end_offset": draw(maybe(OFFSETS))}
    return columns


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.dictionaries(NAMES, tasks(), min_size=1, max_size=4))
def test_exported_tasks_are_the_same_when_they_are_applied(
    run: Run, connection: psycopg.Connection, tmp_path: Path, found: dict[str, dict[str, Any]]
) -> None:
    connection.execute("delete from jittask.task")
    jobs = tmp_path / "jobs"
    shutil.rmtree(jobs, ignore_errors=True)
    for name, columns in found.items():
        given_columns = {column: value for column, value in columns.items() if value is not None}
        add_task(connection, name=name, **{**given_columns, "args": json.dumps(columns["args"])})
    before, untouched = definitions(connection), versions(connection)

    run("export", str(jobs))
    run("apply", str(jobs))
    assert versions(connection) == untouched

    connection.execute("delete from jittask.task")
    run("apply", str(jobs))
    assert definitions(connection) == before

    applied, files = versions(connection), read(jobs)
    run("apply", str(jobs))
    run("export", str(jobs))
    assert (versions(connection), read(jobs)) == (applied, files)
