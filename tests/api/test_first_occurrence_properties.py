"""Without a start, a rule begins with the first local time it names from now on, whatever the day."""

from __future__ import annotations

import calendar
import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jittask_pg import JitTask, Rule, daily, monthly, weekly, yearly
from tests.support.clock import at

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]

times = st.times(min_value=time(4), max_value=time(23, 59, 59)).map(lambda one: one.replace(microsecond=0))
rules = st.one_of(
    st.builds(daily, times),
    st.builds(weekly, st.integers(0, 6), times),
    st.builds(monthly, st.integers(1, 31), times),
    st.builds(lambda day, moment: yearly(day, moment), st.dates(date(2024, 1, 1), date(2024, 12, 31)), times),
)


def named(rule: Rule, day: date) -> bool:
    """Whether the rule names this local day, short months clamped."""
    if rule.weekday is not None:
        return day.weekday() == rule.weekday
    if rule.day is None:
        return True
    if rule.month is not None and day.month != rule.month:
        return False
    return day.day == min(rule.day, calendar.monthrange(day.year, day.month)[1])


def expected(rule: Rule, now: datetime, zone: ZoneInfo) -> datetime:
    assert rule.at is not None
    day = now.astimezone(zone).date()
    while True:
        instant = datetime.combine(day, rule.at, zone).astimezone(UTC)
        if named(rule, day) and instant >= now:
            return instant
        day += timedelta(days=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=rules,
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_first_occurrence_is_the_first_time_that_the_rule_names(
    jittask: JitTask, connection: psycopg.Connection, rule: Rule, zone: str, now: datetime
) -> None:
    at(connection, now)
    with connection.transaction(force_rollback=True):
        jittask.schedule("first", "a.b", rule, timezone=zone, connection=connection)
        [planned] = jittask.preview("first", 1, connection=connection)
        assert planned.due_at == expected(rule, now, ZoneInfo(zone))


@pytest.mark.parametrize("start", ["2026-02-01", "2026-02-27 23:00", "2024-02-29 12:00"])
def test_every_second_month_from_a_start_keeps_its_phase(
    jittask: JitTask, connection: psycopg.Connection, start: str
) -> None:
    at(connection, "2024-01-01 00:00+00")
    with connection.transaction(force_rollback=True):
        jittask.schedule("phase", "a.b", monthly(15, "09:00", every=2), start=start, connection=connection)
        months = [one.due_at.month for one in jittask.preview("phase", 3, connection=connection)]
    assert [(later - earlier) % 12 for earlier, later in itertools.pairwise(months)] == [2, 2]
