"""Offsets: signed lengths of time that say how far something lies from something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from .errors import InvalidValueError

__all__ = ["Offset", "days", "hours", "minutes", "months", "seconds", "weeks"]


@dataclass(frozen=True, slots=True)
class Offset:
    """A signed distance: months, then civil days, then elapsed seconds. Made by `days`, `hours`, `minutes` …

    Offsets add up and change sign: ``days(3) + hours(2)``, ``-days(3)``. A civil day keeps the wall-clock
    time when clocks change; 24 hours do not.
    """

    months: int = 0
    days: int = 0
    seconds: float = 0

    def __add__(self, other: Offset) -> Offset:
        return Offset(self.months + other.months, self.days + other.days, self.seconds + other.seconds)

    def __sub__(self, other: Offset) -> Offset:
        return self + -other

    def __neg__(self) -> Offset:
        return Offset(-self.months, -self.days, -self.seconds)

    def __str__(self) -> str:
        """The interval as Postgres reads it, ``-3 days``."""
        parts = [
            f"{count} {unit}"
            for count, unit in (
                (self.months, "months"),
                (self.days, "days"),
                (_number_text(self.seconds), "seconds"),
            )
            if count not in (0, "0")
        ]
        return " ".join(parts) or "0 seconds"

    @property
    def whole_days(self) -> bool:
        """Whether it is made of months and days only, as ``at=`` needs it."""
        return self.seconds == 0

    @property
    def elapsed(self) -> timedelta | None:
        """The distance as elapsed time, a day counting 24 hours; None where it holds months."""
        return None if self.months else timedelta(days=self.days, seconds=self.seconds)

    @classmethod
    def of(cls, value: Offset | timedelta | str, field: str) -> Self:
        """Read a distance.

        Args:
            value: an offset; a timedelta (whole days count as civil days, anything else as elapsed time); or
                text: ``-3 days``, ``1 month 2 hours``, ``00:30:00``, ``1h30m``.
            field: how the caller calls it, for the error.

        Raises:
            InvalidValueError: it cannot be read.
        """
        read: Offset | None = None
        if isinstance(value, Offset):
            read = value
        elif isinstance(value, timedelta):
            read = (
                Offset(seconds=value.total_seconds())
                if value % timedelta(days=1)
                else Offset(days=value.days)
            )
        elif isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without types
            read = _read_interval(value)
        if read is not None:
            if not all(
                abs(part) <= most
                for part, most in ((read.months, 120_000), (read.days, 3_653_000), (read.seconds, 3.2e11))
            ):
                raise InvalidValueError(
                    f'{field} is "{value}", which is more than 10000 years', None, "Give a shorter length"
                )
            return cls(read.months, read.days, read.seconds)
        raise InvalidValueError(
            f'"{value}" is no length of time for {field}',
            None,
            'Give days(3), minutes(30), a timedelta, or text such as "-3 days" or "1 hour 30 minutes"',
        )


def months(count: int) -> Offset:
    """An offset of calendar months; a day that the month lacks becomes its last."""
    return Offset(months=_count("months", count))


def weeks(count: int) -> Offset:
    """An offset of weeks of seven civil days."""
    return Offset(days=7 * _count("weeks", count))


def days(count: int) -> Offset:
    """An offset of civil days: the wall-clock time stays. ``days(-3)`` is three days before."""
    return Offset(days=_count("days", count))


def hours(count: float) -> Offset:
    """An offset of elapsed hours."""
    return Offset(seconds=_amount("hours", count) * 3600)


def minutes(count: float) -> Offset:
    """An offset of elapsed minutes."""
    return Offset(seconds=_amount("minutes", count) * 60)


def seconds(count: float) -> Offset:
    """An offset of elapsed seconds."""
    return Offset(seconds=_amount("seconds", count))


def _count(unit: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value % 1 != 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(
            f"{unit}({value}) is no whole number", None, "Use hours() or minutes() for parts"
        )
    return int(value)


def _amount(unit: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(f"{unit}({value!r}) is no length of time", None, f"Give a number: {unit}(2)")
    return value


_UNITS: dict[str, tuple[str, float]] = {
    name: (part, size)
    for names, part, size in (
        (("year", "years", "yr", "yrs", "y"), "months", 12),
        (("month", "months", "mon", "mons"), "months", 1),
        (("week", "weeks", "w"), "days", 7),
        (("day", "days", "d"), "days", 1),
        (("hour", "hours", "hr", "hrs", "h"), "seconds", 3600),
        (("minute", "minutes", "min", "mins", "m"), "seconds", 60),
        (("second", "seconds", "sec", "secs", "s"), "seconds", 1),
        (("millisecond", "milliseconds", "ms"), "seconds", 0.001),
    )
    for name in names
}

_INTERVAL_PART = re.compile(
    r"\s*(?:(?P<clock>[+-]?\d+:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r"|(?P<count>[+-]?\s*\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+))\s*,?",
    re.IGNORECASE,
)


def _read_interval(text: str) -> Offset | None:
    # Postgres reads more spellings, some of them in surprising ways ("1 mon" and "1 m" differ by a factor of
    # 43,200); what is read here means the same everywhere.
    total = {"months": 0.0, "days": 0.0, "seconds": 0.0}
    parts = list(_parts(text))
    if not parts:
        return None
    for part in parts:
        if part is None:
            return None
        for name, amount in part:
            total[name] += amount
    if total["months"] % 1 or total["days"] % 1:
        return None
    return Offset(int(total["months"]), int(total["days"]), total["seconds"])


def _parts(text: str) -> Iterator[list[tuple[str, float]] | None]:
    position = 0
    stripped = text.strip()
    while position < len(stripped):
        found = _INTERVAL_PART.match(stripped, position)
        if not found:
            yield None
            return
        position = found.end()
        if found["clock"]:
            sign = -1 if found["clock"].startswith("-") else 1
            numbers = [float(number) for number in found["clock"].lstrip("+-").split(":")]
            hour, minute, second = [*numbers, 0.0][:3]
            yield [("seconds", sign * (hour * 3600 + minute * 60 + second))]
            continue
        unit = _UNITS.get(found["unit"].lower())
        if unit is None:
            yield None
            return
        yield [(unit[0], float(found["count"].replace(" ", "")) * unit[1])]


def _number_text(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.6f}".rstrip("0")
