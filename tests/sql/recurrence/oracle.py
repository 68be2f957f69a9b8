"""A slow and plain reading of the timing rules, to hold the SQL against.

Nothing is clever here: wall-clock times are listed one by one, mapped by looking at every
offset a zone has had, moved day by day, and sorted. Zone data comes from the server, in
the one direction that is never ambiguous (instant to wall clock).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import psycopg
from dateutil.relativedelta import relativedelta

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (wall-clock times have no zone)
YEARS = (datetime(2011, 6, 1), datetime(2043, 2, 1))  # noqa: DTZ001

# Six and a half days: less than the shortest time between two changes of any zone in these years.
CHANGES = """
with zone as (select name from jittask.zone where name !~ '^posix/'),
sampled as (
  select z.name, s.at, date_part('epoch', to_timestamp(s.at) at time zone z.name)::bigint - s.at as seconds
  from zone z, generate_series(%s::bigint, %s::bigint, 561600) s(at)
),
followed as (
  select *, lead(seconds) over (partition by name order by at) as following from sampled
)
select name, min(seconds) filter (where at = %s), null::bigint, null::bigint from sampled group by name
union all
select name, null, jittask.offset_change(at, at + 561600, name), following
from followed where seconds <> following
order by 1, 3 nulls first
"""


def seconds(at: datetime) -> int:
    return int((at.replace(tzinfo=None) - EPOCH).total_seconds())


@dataclass
class Zone:
    """Offsets of one zone: instants are naive datetimes in UTC, walls naive ones on its clock."""

    name: str
    changes: list[datetime] = field(default_factory=list, repr=False)
    offsets: list[timedelta] = field(default_factory=list, repr=False)

    def wall(self, at: datetime) -> datetime:
        return at + self.offsets[bisect_right(self.changes, at)]

    def instants(self, wall: datetime) -> list[datetime]:
        """The instants at which the clock shows this time: none, one or two."""
        return [at for at in sorted({wall - offset for offset in set(self.offsets)}) if self.wall(at) == wall]

    def instant(self, wall: datetime) -> datetime:
        """First pass; in a gap the first instant after it."""
        found = self.instants(wall)
        if found:
            return found[0]
        (change,) = (
            at
            for at, before, after in zip(self.changes, self.offsets, self.offsets[1:], strict=False)
            if at + before <= wall < at + after
        )
        return change


def zones(connection: psycopg.Connection) -> dict[str, Zone]:
    """Every zone of the server with its changes of offset from 2015 to 2040."""
    first, last = map(seconds, YEARS)
    found: dict[str, Zone] = {}
    for name, start, at, after in connection.execute(CHANGES, (first, last, first)):
        zone = found.setdefault(name, Zone(name))
        if at is not None:
            zone.changes.append(EPOCH + timedelta(seconds=at))
            zone.offsets.append(timedelta(seconds=after))
        else:
            zone.offsets.append(timedelta(seconds=start))
    return found


@dataclass
class Calendar:
    weekend: set[int]
    marked: dict[date, bool] = field(repr=False)

    def works(self, day: date) -> bool:
        return self.marked.get(day, day.isoweekday() % 7 not in self.weekend)

    def target(self, day: date, skip: str, policy: str) -> date | None:
        if skip == "none" or self.works(day) or (skip == "holidays" and day not in self.marked):
            return day
        if policy == "drop":
            return None
        step = timedelta(days=1 if policy == "next_workday" else -1)
        for _ in range(400):
            day += step
            if self.works(day):
                return day
        return None


@dataclass
class Cron:
    """The sets of a cron expression, and the text that stands for them."""

    text: str
    seconds: list[int] = field(repr=False)
    minutes: list[int] = field(repr=False)
    hours: list[int] = field(repr=False)
    days: set[int] = field(repr=False)
    months: set[int] = field(repr=False)
    weekdays: set[int] = field(repr=False)
    both: bool = field(repr=False)
    wildcard: bool = field(repr=False)

    def walls(self, first: date, last: date) -> Iterator[datetime]:
        day = first
        while day <= last:
            of_month = day.day in self.days
            of_week = day.isoweekday() % 7 in self.weekdays
            matches = (of_month and of_week) if self.both else (of_month or of_week)
            if matches and day.month in self.months:
                midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
                for hour in self.hours:
                    for minute in self.minutes:
                        for second in self.seconds:
                            yield midnight + timedelta(hours=hour, minutes=minute, seconds=second)
            day += timedelta(days=1)


@dataclass
class Rule:
    repeat: str
    anchor: datetime
    zone: Zone
    earliest: datetime | None = None
    every: int = 1
    period: int = 0
    cron: Cron | None = None
    month_overflow: str = "clamp"
    end: datetime | None = None
    calendar: Calendar | None = None
    skip: str = "none"
    policy: str = "next_workday"
    first_fires: bool = False

    def nominals(self, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Pairs of wall-clock time and instant, from the anchor on."""
        wall = self.zone.wall(self.anchor)
        if self.repeat == "cron":
            assert self.cron is not None
            if self.first_fires:
                yield wall, self.anchor
            days = timedelta(days=2)
            for matched in self.cron.walls((self.anchor - days).date(), (until + days).date()):
                instants = self.zone.instants(matched) if self.cron.wildcard else [self.zone.instant(matched)]
                yield from ((matched, at) for at in instants if at >= self.anchor)
            return
        yield wall, self.anchor
        for n in range(1, 1 if self.repeat == "none" else 100_000):
            if self.repeat in ("hourly", "interval"):
                step = 3600 * self.every if self.repeat == "hourly" else self.period
                at = self.anchor + timedelta(seconds=n * step)
                named = self.zone.wall(at)
            else:
                count = n * self.every
                named = (
                    wall
                    + {
                        "daily": relativedelta(days=count),
                        "weekly": relativedelta(weeks=count),
                        "monthly": relativedelta(months=count),
                        "yearly": relativedelta(years=count),
                    }[self.repeat]
                )
                at = self.zone.instant(named)
            if at > until:
                return
            if (
                self.month_overflow == "skip"
                and self.repeat in ("monthly", "yearly")
                and named.day != wall.day
            ):
                continue
            yield named, at

    def occurrences(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """Nominal and due of all occurrences due by then, in the order of due."""
        drops = self.repeat == "hourly" or (self.repeat == "interval" and self.period < 86400)
        found: dict[datetime, datetime] = {}
        for wall, at in self.nominals(until + timedelta(days=60)):
            due = at
            if self.calendar is not None:
                target = self.calendar.target(wall.date(), self.skip, "drop" if drops else self.policy)
                if target is None:
                    continue
                if target != wall.date():
                    due = self.zone.instant(datetime.combine(target, wall.time()))
            if self.earliest is not None and min(at, due) < self.earliest:
                continue
            if self.end is not None and max(at, due) > self.end:
                continue
            found[due] = min(at, found.get(due, at))
        return [(nominal, due) for due, nominal in sorted(found.items()) if due <= until]
