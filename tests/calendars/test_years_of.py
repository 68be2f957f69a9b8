"""What is read from the package of holidays."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest

from jittask_pg.calendars import years_of


@pytest.mark.parametrize(
    "code",
    [
        "CN",
        "US",
        "US-NY",
        "DE-BY",
        "GB-SCT",
        "HU",
        "TW",
        "VN",
        "LV",
        "SA",
        "IL",
        "AE",
        "IR",
        "IN",
        "JP",
        "NP",
        "MY-KDH",
    ],
)
def test_weekend_and_marks_together_say_of_each_day_what_the_package_says(code: str) -> None:
    years = range(2021, 2027)
    known = years_of(code, years)
    marks = {marked.day: marked.working for marked in known.days}
    country, _, part = code.partition("-")
    for year in years:
        truth = holidays.country_holidays(country, subdiv=part or None, years=year, expand=False)
        day = date(year, 1, 1)
        while day.year == year:
            free = day.isoweekday() % 7 in known.weekend
            assert marks.get(day, not free) == truth.is_working_day(day), day
            day += timedelta(days=1)


def test_the_weekend_is_that_of_most_days() -> None:
    assert years_of("SA", [2026]).weekend == (5, 6)
    assert years_of("CN", [2026]).weekend == (0, 6)


def test_parts_are_named_by_code_or_by_their_other_names() -> None:
    assert years_of("gb-scotland", [2026]).subdivision == "SCT"


def test_holidays_have_their_names() -> None:
    assert {marked.name for marked in years_of("US", [2026]).days if marked.day == date(2026, 12, 25)} == {
        "Christmas Day"
    }
