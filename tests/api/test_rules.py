"""Rules and offsets are values; each refuses what cannot be, naming the part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from jittask_pg import (
    InvalidValueError,
    Offset,
    cron,
    daily,
    days,
    every,
    hourly,
    hours,
    minutes,
    monthly,
    months,
    weekly,
    weeks,
    yearly,
)


def test_rules_turn_into_columns() -> None:
    assert daily("09:00", every=2).columns() == {
        "repeat": "daily",
        "every": 2,
        "period": None,
        "cron": None,
        "month_overflow": "clamp",
    }
    assert every(minutes=30).columns()["period"] == "1800 seconds"
    assert every("1 hour 30 minutes").period == timedelta(minutes=90)
    assert every(timedelta(milliseconds=1500)).columns()["period"] == "1.5 seconds"
    assert cron("  0 9  * * mon-fri ").columns()["cron"] == "0 9 * * mon-fri"
    assert monthly(31, overflow="skip").columns()["month_overflow"] == "skip"


def test_several_weekdays_make_a_cron_rule() -> None:
    assert weekly(["monday", "thu"], "09:30").expression == "30 9 * * mon,thu"
    assert weekly([6, 0], "09:30:15").expression == "15 30 9 * * mon,sun"
    assert weekly(["fri"], "09:00").weekday == 4
    assert weekly("Sunday").weekday == 6


def test_equal_rules_are_equal_values() -> None:
    assert daily(at="09:00") == daily(time(9))
    assert hash(yearly("02-29")) == hash(yearly(date(2024, 2, 29)))


def test_offsets_add_up_and_are_written_as_intervals() -> None:
    assert str(days(-3)) == "-3 days"
    assert str(-weeks(1) + hours(2)) == "-7 days 7200 seconds"
    assert str(months(1) - minutes(0.5)) == "1 months -30 seconds"
    assert str(Offset()) == "0 seconds"


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("30 minutes", minutes(30)),
        ("-3 days", days(-3)),
        ("- 3 days", days(-3)),
        ("1 year 2 months", months(14)),
        ("1h30m", minutes(90)),
        ("00:30:00", minutes(30)),
        ("1 day, -02:00", days(1) - hours(2)),
        ("1.5 hours", minutes(90)),
        ("250 ms", Offset(seconds=0.25)),
    ],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str, offset: Offset) -> None:
    assert Offset.of(text, "offset") == offset


def test_a_timedelta_of_whole_days_counts_civil_days_and_any_other_elapsed_time() -> None:
    assert Offset.of(timedelta(days=-3), "offset") == days(-3)
    assert Offset.of(timedelta(hours=-1), "offset") == hours(-1)


@pytest.mark.parametrize("text", ["", "soon", "3", "3 parsecs", "1.5 days", "1.5 months", "P1D?"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="offset"):
        Offset.of(text, "offset")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: daily("25:00"), "at"),
        (lambda: daily("9"), "at"),
        (lambda: daily(datetime(2026, 1, 1)), "at"),  # noqa: DTZ001
        (lambda: daily(every=0), "every"),
        (lambda: daily(every=1.5), "every"),  # type: ignore[arg-type]
        (lambda: hourly(60), "minute"),
        (lambda: weekly("someday"), "on"),
        (lambda: weekly("t"), "on"),
        (lambda: weekly(7), "on"),
        (lambda: weekly([]), "on"),
        (lambda: weekly(["mon", "tue"], every=2), "every"),
        (lambda: monthly(32), "on"),
        (lambda: monthly(1, overflow="spill"), "overflow"),  # type: ignore[arg-type]
        (lambda: yearly("02-30"), "on"),
        (lambda: yearly((13, 1)), "on"),
        (lambda: every(seconds=0.5), "interval"),
        (lambda: every("1 month"), "months"),
        (lambda: cron(" "), "cron"),
        (lambda: days(1.5), "days"),  # type: ignore[arg-type]
    ],
)
def test_a_part_that_cannot_be_is_refused_by_name(make: Callable[[], Any], named: str) -> None:
    with pytest.raises(InvalidValueError, match=named) as refusal:
        make()
    assert refusal.value.way_out
