"""Rules as a person says them, "daily at 09:00"; a part that cannot be is refused by name."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, time, timedelta

from .errors import InvalidValueError
from .offsets import Offset
from .rule import Overflow, Rule

__all__ = [
    "cron",
    "daily",
    "every",
    "hourly",
    "interval",
    "monthly",
    "once",
    "time_of_day",
    "weekly",
    "yearly",
]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_EVERY = 1_000_000


def once() -> Rule:
    """A single run, at the start."""
    return Rule("none")


def hourly(minute: int | None = None, *, every: int = 1) -> Rule:
    """Every hour.

    Args:
        minute: minute past the hour, 0 to 59; None = that of the start.
        every: whole number of hours between runs. Hours are elapsed time: clock changes do not matter.

    Raises:
        InvalidValueError: `minute` or `every` is out of range.

    Example:
        ``jt.schedule("sync", sync, hourly(15))``
    """
    if minute is not None:
        _whole("minute", minute, 0, 59)
    return Rule("hourly", each=_cycles(every), minute=minute)


def daily(at: time | str | None = None, *, every: int = 1) -> Rule:
    """Every day, or every `every` days.

    Args:
        at: wall-clock time in the task's zone, "09:00" or a `datetime.time`; None = the time of the start.
        every: whole number of days between runs.

    Raises:
        InvalidValueError: `at` is no time of day, or `every` is out of range.
    """
    return Rule("daily", each=_cycles(every), at=_optional_time(at))


def weekly(
    on: int | str | Iterable[int | str] | None = None, at: time | str | None = None, *, every: int = 1
) -> Rule:
    """Every week, or every `every` weeks.

    Args:
        on: the weekday by name ("monday", "mon") or as Python counts them, 0 = Monday; several of them make a
            cron rule. None = that of the start.
        at: wall-clock time in the task's zone. None = the time of the start where one is given, else 00:00.
        every: whole number of weeks; with several weekdays only 1.

    Raises:
        InvalidValueError: a part cannot be, or several weekdays with `every` above 1.
    """
    moment = _optional_time(at)
    if on is None or isinstance(on, (int, str)):
        weekday = None if on is None else _weekday(on)
        return Rule("weekly", each=_cycles(every), at=moment, weekday=weekday)
    weekdays = sorted({_weekday(one) for one in on})
    if len(weekdays) == 1:
        return Rule("weekly", each=_cycles(every), at=moment, weekday=weekdays[0])
    if not weekdays:
        raise InvalidValueError("on names no weekday", None, 'Give on="monday" or on=["monday", "thursday"]')
    if every != 1:
        raise InvalidValueError(
            f'every is "{every}", which cannot be combined with several weekdays',
            None,
            "Make one task for each weekday, or leave every out",
        )
    moment = moment or time(0)
    if moment.microsecond:
        raise InvalidValueError(f'at is "{moment}", finer than a second', None, "Give whole seconds")
    names = ",".join(_WEEKDAYS[weekday][:3] for weekday in weekdays)
    second = f"{moment.second} " if moment.second else ""
    return cron(f"{second}{moment.minute} {moment.hour} * * {names}")


def monthly(
    on: int | None = None, at: time | str | None = None, *, every: int = 1, overflow: Overflow = "clamp"
) -> Rule:
    """Every month, or every `every` months.

    Args:
        on: day of the month, 1 to 31; None = that of the start.
        at: wall-clock time in the task's zone. None = the time of the start where one is given, else 00:00.
        every: whole number of months.
        overflow: "clamp" = the last day of months that are too short, "skip" = not in such months.

    Raises:
        InvalidValueError: a part is out of range.
    """
    if on is not None:
        _whole("on", on, 1, 31)
    return Rule(
        "monthly", each=_cycles(every), at=_optional_time(at), day=on, month_overflow=_overflow(overflow)
    )


def yearly(
    on: date | str | tuple[int, int] | None = None,
    at: time | str | None = None,
    *,
    every: int = 1,
    overflow: Overflow = "clamp",
) -> Rule:
    """Every year, or every `every` years.

    Args:
        on: the day: "03-31", (3, 31) or a date of any year; None = that of the start.
        at: wall-clock time in the task's zone. None = the time of the start where one is given, else 00:00.
        every: whole number of years.
        overflow: 29 February in common years: "clamp" = 28 February, "skip" = not then.

    Raises:
        InvalidValueError: `on` is no day of a year, or another part is out of range.
    """
    month, day = (None, None) if on is None else _day_of_year(on)
    return Rule(
        "yearly",
        each=_cycles(every),
        at=_optional_time(at),
        month=month,
        day=day,
        month_overflow=_overflow(overflow),
    )


def every(
    period: timedelta | Offset | str | None = None,
    *,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
) -> Rule:
    """At even intervals from the start on, counted in elapsed time (a day is 24 hours).

    Args:
        period: the whole interval; or give its parts.
        days, hours, minutes, seconds: parts of the interval, added up. The sum is 1 second or more.

    Raises:
        InvalidValueError: less than a second, or months and years, which are no fixed length of time.

    Example:
        ``jt.schedule("sync", sync, every(minutes=30))``
    """
    try:
        total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, TypeError, ValueError):
        raise InvalidValueError(
            "The parts of the interval are no length of time",
            f"days={days!r}, hours={hours!r}, minutes={minutes!r}, seconds={seconds!r}",
            "Give numbers: every(minutes=30)",
        ) from None
    if period is not None:
        length = Offset.of(period, "period").elapsed
        if length is None:
            raise InvalidValueError(
                f'"{period}" holds months, which are no fixed length of time',
                None,
                "Use monthly(every=…) or yearly(every=…)",
            )
        total += length
    if total < timedelta(seconds=1):
        raise InvalidValueError(
            f'The interval "{total}" is shorter than a second', None, "Give every(minutes=30) or the like"
        )
    return Rule("interval", period=total)


interval = every


def cron(expression: str) -> Rule:
    """By a cron expression of five fields, or six with the seconds first.

    Args:
        expression: "0 9 * * mon-fri". The database checks it and names the field that is wrong.

    Raises:
        InvalidValueError: it is empty.
    """
    if not isinstance(expression, str) or not expression.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValueError(
            f'"{expression}" is no cron expression', None, 'Give text such as "0 9 * * mon-fri"'
        )
    return Rule("cron", expression=" ".join(expression.split()))


def time_of_day(value: time | str, field: str) -> time:
    """Read a wall-clock time.

    Args:
        value: "09:00", "09:00:30" or a `datetime.time` without a zone.
        field: how the caller calls it, for the error.

    Raises:
        InvalidValueError: it cannot be read, or it carries a zone.
    """
    read: time | None = None
    if isinstance(value, time):
        read = value
    elif isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?", value.strip()):  # pyright: ignore[reportUnnecessaryIsInstance]
        try:
            read = time.fromisoformat(
                value.strip().zfill(5) if value.count(":") == 1 else value.strip().zfill(8)
            )
        except ValueError:
            read = None
    if read is None:
        raise InvalidValueError(
            f'{field} is "{value}", which is no time of day', None, 'Give text such as "09:00"'
        )
    if read.tzinfo is not None:
        raise InvalidValueError(
            f'{field} is "{value}", a time with a zone',
            None,
            "Leave the zone to timezone=, for the whole task",
        )
    return read


def _optional_time(value: time | str | None) -> time | None:
    return None if value is None else time_of_day(value, "at")


def _cycles(value: int) -> int:
    return _whole("every", value, 1, _MAX_EVERY)


def _whole(field: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValueError(f'{field} is "{value}"', None, f"Give a whole number from {low} to {high}")
    return value


def _overflow(value: str) -> Overflow:
    if value == "clamp" or value == "skip":
        return value
    raise InvalidValueError(f'overflow is "{value}"', None, 'Give "clamp" or "skip"')


def _weekday(value: int | str) -> int:
    if isinstance(value, str):
        name = value.strip().lower()
        found = [index for index, full in enumerate(_WEEKDAYS) if len(name) >= 3 and full.startswith(name)]
        if len(found) == 1:
            return found[0]
    elif not isinstance(value, bool) and value in range(7):
        return value
    raise InvalidValueError(
        f'on names "{value}", which is no weekday',
        None,
        'Give "monday" to "sunday", or 0 for Monday to 6 for Sunday',
    )


def _day_of_year(value: date | str | tuple[int, int]) -> tuple[int, int]:
    month, day = 0, 0
    if isinstance(value, date):
        month, day = value.month, value.day
    elif isinstance(value, str):
        found = re.fullmatch(r"(?:\d{4}-)?(\d{1,2})-(\d{1,2})", value.strip())
        if found:
            month, day = int(found[1]), int(found[2])
    elif len(value) == 2:
        month, day = value
    if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000, month)[1]:
        return month, day
    raise InvalidValueError(f'on is "{value}", which is no day of a year', None, 'Give "03-31" or (3, 31)')
