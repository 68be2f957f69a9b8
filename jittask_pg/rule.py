"""The rule of a task: its columns, and the local times at which a series of it could begin.

It knows nothing of the database. Where the first occurrence lies is decided by the server, from the local
times that `Rule.anchor` proposes: zone data and clock are the server's.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

__all__ = ["Anchor", "Overflow", "Rule"]

Overflow = Literal["clamp", "skip"]
"""The 31st in short months: its last day, or not at all."""


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


def _seconds_text(value: timedelta) -> str:
    whole = value.days * 86400 + value.seconds
    return f"{whole}.{value.microseconds:06d}".rstrip("0") if value.microseconds else str(whole)
