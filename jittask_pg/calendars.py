"""Fills calendars with the public holidays of countries, from the package ``holidays``.

Asked day by day whether it is a working day: that package's list of weekend days alone is wrong for some
countries and years, and it knows the weekend days that are worked to make up for holidays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import holidays

from . import statements
from .connections import Steps
from .errors import InvalidValueError

__all__ = ["CalendarYears", "MarkedDay", "Synced", "sync", "years_of"]

_FIRST_YEAR, _LAST_YEAR = 1970, 2100


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """A day that differs from the weekend rule, or a named holiday."""

    day: date
    working: bool
    name: str | None


@dataclass(frozen=True, slots=True)
class CalendarYears:
    """What the package knows of a country, or a part of it, in some years.

    Attributes:
        country: ISO 3166-1 code.
        subdivision: ISO 3166-2 code without the country, or None.
        weekend: free weekdays, 0 = Sunday.
        days: marked days in order.
    """

    country: str
    subdivision: str | None
    weekend: tuple[int, ...]
    days: tuple[MarkedDay, ...]


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did to one calendar.

    Attributes:
        calendar: its name.
        weekend: free weekdays, 0 = Sunday.
        days: marked days of these years, as the package has them.
        written: days that were added or changed.
        dropped: earlier synced days that are no longer marked.
    """

    calendar: str
    weekend: tuple[int, ...]
    days: int
    written: int
    dropped: int


def sync(code: str, years: Sequence[int], name: str | None = None) -> Steps[Synced]:
    """Write the days of a country, or a part of it, into its calendar; days made by hand stay.

    Tasks that use the calendar are planned anew by the database where a day changed.

    Args:
        code: ``CN``, ``US-NY``, ``GB-SCT``.
        years: a run of years, such as 2026 to 2030.
        name: name of the calendar; None = the code.

    Raises:
        InvalidValueError: the package does not know the country or the part, or a year is out of range.
    """
    known = years_of(code, years)
    default = known.country if known.subdivision is None else f"{known.country}-{known.subdivision}"
    calendar = name or default
    first_on, last_on = f"{min(years)}-01-01", f"{max(years)}-12-31"
    yield statements.calendars.put(calendar, known.country, known.subdivision, known.weekend)
    dropped = yield statements.calendars.drop_synced_days(
        calendar, first_on, last_on, [marked.day.isoformat() for marked in known.days]
    )
    written = yield statements.calendars.put_days(
        calendar,
        [
            {"day": marked.day.isoformat(), "working": marked.working, "name": marked.name}
            for marked in known.days
        ],
        "sync",
    )
    return Synced(calendar, known.weekend, len(known.days), len(written), len(dropped))


def years_of(code: str, years: Sequence[int]) -> CalendarYears:
    """What the package knows; see `sync` for arguments and errors."""
    country, subdivision = _resolved(code)
    wanted = _checked_years(years)
    working: dict[date, bool] = {}
    names: dict[date, str] = {}
    for year in wanted:
        # One instance a year that does not expand: asking about another year would add that one's days.
        known = holidays.country_holidays(
            country, subdiv=subdivision, years=year, expand=False, categories=holidays.PUBLIC
        )
        names.update((day, name) for day, name in known.items() if day.year == year)
        working.update((day, known.is_working_day(day)) for day in _days(year))
    weekend = _weekend(working)
    marked = tuple(
        MarkedDay(day, works, names.get(day))
        for day, works in sorted(working.items())
        if works == (_weekday(day) in weekend) or (day in names and not works)
    )
    return CalendarYears(country, subdivision, weekend, marked)


def _resolved(code: str) -> tuple[str, str | None]:
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_](.+))?", code.strip())
    supported = holidays.list_supported_countries(include_aliases=False)
    country = match[1].upper() if match else ""
    if match is None or country not in supported:
        raise InvalidValueError(
            f'No country is known by the code "{code}"',
            None,
            "Give an ISO code such as CN, or with a part of the country US-NY or GB-SCT",
        )
    if match[2] is None:
        return country, None
    subdivisions = {known.upper(): known for known in supported[country]}
    aliases: dict[str, str] = getattr(holidays, country).subdivisions_aliases
    subdivisions |= {alias.upper(): known for alias, known in aliases.items()}
    subdivision = subdivisions.get(match[2].upper())
    if subdivision is None:
        ways = ", ".join(supported[country])
        raise InvalidValueError(
            f'"{country}" has no part "{match[2]}"',
            f"Known are: {ways}" if ways else "It has none that differ",
            f"Leave the part out: {country}" if not ways else "Choose one of these",
        )
    return country, subdivision


def _checked_years(years: Sequence[int]) -> list[int]:
    wanted = sorted(set(years))
    if not wanted or wanted[0] < _FIRST_YEAR or wanted[-1] > _LAST_YEAR:
        raise InvalidValueError(
            f'The years "{wanted[0]}..{wanted[-1]}" are out of range' if wanted else "No years are given",
            None,
            f"Give years from {_FIRST_YEAR} to {_LAST_YEAR}, such as 2026..2030",
        )
    if wanted[-1] - wanted[0] + 1 != len(wanted):
        raise InvalidValueError(
            f'The years "{", ".join(map(str, wanted))}" leave a gap', None, "Sync each run of years by itself"
        )
    return wanted


def _weekend(working: dict[date, bool]) -> tuple[int, ...]:
    # A weekday is free where most days of that name are: single holidays and make-up days do not sway it.
    all_days = Counter(_weekday(day) for day in working)
    free = Counter(_weekday(day) for day, works in working.items() if not works)
    return tuple(weekday for weekday in range(7) if free[weekday] * 2 > all_days[weekday])


def _weekday(day: date) -> int:
    return day.isoweekday() % 7


def _days(year: int) -> Iterable[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
