"""A calendar of working days as people know it: months side by side, with a sign at each special day."""

from __future__ import annotations

from calendar import Calendar, month_name
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import zip_longest

__all__ = ["LEGEND", "month_grid"]

LEGEND = ". free weekday   * marked free   + marked worked"

_MONTHS_ABREAST = 3
_WIDTH = 21
_HEADING = "Mo Tu We Th Fr Sa Su"


def month_grid(year: int, weekend: Collection[str], marked: Mapping[date, bool]) -> Iterator[str]:
    """The lines of one year.

    Args:
        year: the year.
        weekend: the free weekdays, as "Sat".
        marked: whether a marked day is worked.
    """
    months = [list(_month(year, number, weekend, marked)) for number in range(1, 13)]
    for first in range(0, 12, _MONTHS_ABREAST):
        abreast = months[first : first + _MONTHS_ABREAST]
        for lines in zip_longest(*abreast, fillvalue=""):
            yield "  ".join(line.ljust(_WIDTH) for line in lines).rstrip()
        yield ""


def _month(year: int, month: int, weekend: Collection[str], marked: Mapping[date, bool]) -> Iterator[str]:
    yield f"{month_name[month]} {year}".center(_WIDTH)
    yield _HEADING
    for week in Calendar().monthdatescalendar(year, month):
        yield "".join(
            f"{day.day:2}{_sign(day, weekend, marked)}" if day.month == month else "   " for day in week
        )


def _sign(day: date, weekend: Collection[str], marked: Mapping[date, bool]) -> str:
    if day in marked:
        return "+" if marked[day] else "*"
    return "." if f"{day:%a}" in weekend else " "
