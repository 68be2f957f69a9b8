"""Rules: small values that say when, and turn into columns of a task.

They hold what a person says ("daily at 09:00") and know nothing of the database. Where the first occurrence
lies is decided by the server, from the local times that `Rule.anchor` proposes: zone data and clock are the
server's.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from .errors import InvalidValueError
from .offsets import Offset

__all__ = [
    "Rule",
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

Overflow = Literal["clamp", "skip"]
"""The 31st in short months: its last day, or not at all."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A local time at which a series could begin.

    Attributes:
        local: the wall-clock time, without a zone.
        exact: False where the day asked for does not exist in that month and the last day stands for it; a
            series that began there would stay on the shorter day.
    """

    local: datetime
    exact: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """How often a task runs; made by `daily`, `weekly`, `monthly`, `yearly`, `hourly`, `every`, `cron` …

    Attributes:
        repeat: none, hourly, daily, weekly, monthly, yearly, interval or cron.
        each: whole number of cycles: weekly with 2 = every second week.
        period: time between runs, for ``interval`` only.
        expression: cron expression, for ``cron`` only.
        month_overflow: what the 31st means in short months.
        at: wall-clock time of the runs; None = that of the start.
        minute: minute past the hour, for ``hourly`` only; None = that of the start.
        weekday: 0 = Monday to 6 = Sunday, for ``weekly`` only; None = that of the start.
        month: 1 to 12, for ``yearly`` only; None = that of the start.
        day: day of the month, for ``monthly`` and ``yearly`` only; None = that of the start.
    """

    repeat: Literal["none", "hourly", "daily", "weekly", "monthly", "yearly", "interval", "cron"]
    each: int = 1
    period: timedelta | None = None
    expression: str | None = None
    month_overflow: Overflow = "clamp"
    at: time | None = None
    minute: int | None = None
    weekday: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def names_its_times(self) -> bool:
        """Whether the rule says itself at which wall-clock times it runs, apart from cron expressions."""
        return any(part is not None for part in (self.at, self.minute, self.weekday, self.month, self.day))

    def columns(self) -> dict[str, object]:
        """The columns of ``jittask.task`` that hold the rule, without its start."""
        return {
            "repeat": self.repeat,
            "every": self.each,
            "period": None if self.period is None else f"{_seconds_text(self.period)} seconds",
            "cron": self.expression,
            "month_overflow": self.month_overflow,
        }

    def fits(self, local: datetime) -> bool:
        """Whether a series that began at the local time `local` runs at the times that the rule names."""
        if self.at is not None and local.time() != self.at:
            return False
        if self.minute is not None and (local.minute, local.second) != (self.minute, 0):
            return False
        if self.weekday is not None and local.weekday() != self.weekday:
            return False
        if self.month is not None and local.month != self.month:
            return False
        return self.day is None or local.day == self.day

    def anchor(self, start: datetime, step: int, default_at: time) -> Anchor | None:
        """A local time at which the series could begin.

        Args:
            start: the start in the task's zone, without zone.
            step: how many hours, days, weeks, months or years after (negative: before) the one of the start.
            default_at: the time of day where the rule names none.

        Returns:
            The candidate; None where it lies outside the years 1000 to 9998.
        """
        at = self.at if self.at is not None else default_at
        try:
            match self.repeat:
                case "hourly":
                    minute = 0 if self.minute is None else self.minute
                    local = start.replace(minute=minute, second=0, microsecond=0) + timedelta(hours=step)
                    return Anchor(local, exact=True)
                case "weekly":
                    weekday = start.weekday() if self.weekday is None else self.weekday
                    shift = (weekday - start.weekday()) % 7 + 7 * step
                    return Anchor(datetime.combine(start.date() + timedelta(days=shift), at), exact=True)
                case "monthly" | "yearly":
                    return self._month_anchor(start, step, at)
                case _:
                    return Anchor(datetime.combine(start.date() + timedelta(days=step), at), exact=True)
        except OverflowError:
            return None

    def _month_anchor(self, start: datetime, step: int, at: time) -> Anchor | None:
        if self.repeat == "yearly":
            months = (start.year + step) * 12 + (start.month if self.month is None else self.month) - 1
        else:
            months = start.year * 12 + start.month - 1 + step
        year, month = months // 12, months % 12 + 1
        if not 1000 <= year <= 9998:
            return None
        day = start.day if self.day is None else self.day
        last = calendar.monthrange(year, month)[1]
        return Anchor(datetime.combine(date(year, month, min(day, last)), at), exact=day <= last)


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


def _seconds_text(value: timedelta) -> str:
    whole = value.days * 86400 + value.seconds
    return f"{whole}.{value.microseconds:06d}".rstrip("0") if value.microseconds else str(whole)
