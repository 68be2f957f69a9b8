"""Holiday moves at their edges: dense rules, endless holidays, gaps in the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import pytest


@pytest.fixture(scope="module")
def free_days(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into jittask.calendar (name) values ('week'), ('years')")
        connection.execute(
            "insert into jittask.calendar_day (calendar, day)"
            " select 'week', d from generate_series(date '2026-10-01', '2026-10-07', '1 day') d"
            " union all select 'years', d from generate_series(date '2026-02-01', '2027-12-31', '1 day') d"
        )


def dues(connection: psycopg.Connection, arguments: str) -> list[datetime]:
    query = f"select due_at from jittask.next_occurrences({arguments}, skip_holidays => 'nonworking')"
    return [row[0] for row in connection.execute(query.encode())]


def instants(*texts: str) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


@pytest.mark.usefixtures("free_days")
def test_a_rule_for_every_second_steps_over_a_week_at_once(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute("set local track_functions = 'all'")
        found = dues(
            connection,
            "'cron', '2026-09-30 15:59:58+00', '2026-09-30 15:59:58+00', 3, 'Asia/Shanghai',"
            " cron => '* * * * * *', calendar => 'week'",
        )
        calls = connection.execute("select sum(calls) from pg_stat_xact_user_functions").fetchone()
    assert found == instants("2026-09-30 15:59:59+00", "2026-10-07 16:00:00+00", "2026-10-07 16:00:01+00")
    # The week has 604,800 seconds.
    assert calls is not None
    assert 0 < calls[0] < 1000


@pytest.mark.usefixtures("free_days")
@pytest.mark.parametrize("policy", ["next_workday", "previous_workday", "drop"])
def test_two_free_years_end_the_search_and_not_the_series(
    connection: psycopg.Connection, policy: str
) -> None:
    found = dues(
        connection,
        f"'daily', '2026-01-30 09:00+00', '2026-06-01', 1, 'UTC', calendar => 'years', holiday_policy => '{policy}'",
    )
    assert found == instants("2028-01-03 09:00+00")


@pytest.mark.usefixtures("free_days")
def test_wildcards_of_the_second_pass_follow_a_start_in_the_first(connection: psycopg.Connection) -> None:
    # Berlin, 25 October 2026, 02:50 summer time; at 03:00 clocks go back to 02:00. The Sunday is no marked day.
    found = connection.execute(
        "select due_at from jittask.next_occurrences('cron', '2026-10-25 00:50+00', '2026-10-25 00:50+00', 3,"
        " 'Europe/Berlin', cron => '*/30 2 * * *', calendar => 'week', skip_holidays => 'holidays')"
    ).fetchall()
    assert [row[0] for row in found] == instants(
        "2026-10-25 01:00+00", "2026-10-25 01:30+00", "2026-10-26 01:00+00"
    )


@pytest.mark.usefixtures("free_days")
def test_a_rule_that_only_meets_free_days_is_exhausted(connection: psycopg.Connection) -> None:
    weekly = "'weekly', '2026-02-01 09:00+00', '2026-02-15', 1, 'UTC', calendar => 'week', holiday_policy => 'drop'"
    assert dues(connection, weekly) == []


@pytest.mark.usefixtures("free_days")
def test_a_time_that_a_gap_swallows_on_a_free_day_moves_as_it_is_named(
    connection: psycopg.Connection,
) -> None:
    # Sunday 29 March 2026 has no 02:30 in Berlin; moved to Monday it has, and merges with Monday's own.
    daily = "'daily', '2026-03-27 01:30+00', '2026-03-27', 3, 'Europe/Berlin', calendar => 'week'"
    assert dues(connection, daily) == instants(
        "2026-03-27 01:30+00", "2026-03-30 00:30+00", "2026-03-31 00:30+00"
    )
    row = connection.execute(
        "select jittask.due_of(row('daily', '2026-03-27 01:30+00', null, 'Europe/Berlin', 1, null, null, 'clamp',"
        " null, 'week', 'nonworking', 'next_workday', false)::jittask.rule, '2026-03-29 01:00+00')"
    ).fetchone()
    assert row == (datetime.fromisoformat("2026-03-30 00:30+00"),)


@pytest.mark.usefixtures("free_days")
@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ("none", "2026-01-01 10:00:00.750+00"),
        ("daily", "2026-01-01 10:00:00+00"),
        ("hourly", "2026-01-01 10:00:00+00"),
    ],
)
def test_only_a_single_run_keeps_its_microseconds(
    connection: psycopg.Connection, repeat: str, expected: str
) -> None:
    start = "'2026-01-01 10:00:00.750+00'"
    for skip in ("none", "nonworking"):
        query = (
            # S608: constants of this test.
            f"select due_at, occurrence_no from jittask.next_occurrences('{repeat}', {start}, '2025-12-01', 1,"
            f" calendar => 'week', skip_holidays => '{skip}')"
        )
        rows: list[Any] = connection.execute(query.encode()).fetchall()
        assert rows == [(datetime.fromisoformat(expected), 1)]


@pytest.mark.usefixtures("free_days")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # 23:30 of a working day, for the first time of two: the clocks go back at midnight.
        (
            "'2021-09-21 19:29+00', '2021-09-21 19:29+00', 2, 'Asia/Tehran', cron => '45 * * * *'",
            ["2021-09-21 20:15+00", "2021-09-21 21:15+00"],
        ),
        # 01:40 of a Sunday, for the first time of two; Monday has these times once.
        (
            "'2023-11-05 05:40+00', '2023-11-05 05:40+00', 4, 'America/New_York', cron => '*/20 1 * * *'",
            ["2023-11-06 06:00+00", "2023-11-06 06:20+00", "2023-11-06 06:40+00", "2023-11-07 06:00+00"],
        ),
    ],
)
def test_a_start_in_the_first_pass_keeps_what_a_wildcard_expression_has_in_the_second(
    connection: psycopg.Connection, arguments: str, expected: list[str]
) -> None:
    query = (
        # S608: constants of this test.
        f"select occurrence_no, due_at from jittask.next_occurrences('cron', {arguments},"
        " calendar => 'week', skip_holidays => 'nonworking')"
    )
    rows: list[Any] = connection.execute(query.encode()).fetchall()
    assert rows == list(enumerate(instants(*expected), 1))


@pytest.mark.usefixtures("free_days")
def test_an_interval_that_leads_into_the_second_pass_keeps_its_nominal_instant(
    connection: psycopg.Connection,
) -> None:
    rows = connection.execute(
        "select nominal_at, due_at from jittask.next_occurrences('interval', '2025-11-01 06:30+00', '2025-11-01',"
        " 1, 'America/New_York', period => '1 day', calendar => 'week', skip_holidays => 'nonworking')"
    ).fetchall()
    # Saturday 02:30 and Sunday 01:30, an hour earlier on the wall, are both moved to Monday.
    assert rows == [tuple(instants("2025-11-02 06:30+00", "2025-11-03 06:30+00"))]
