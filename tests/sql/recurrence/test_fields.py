"""Dates of source rows as instants: the functions, the generated expressions, and that neither ever fails."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest

ZONES = ["Europe/Berlin", "UTC", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"]
OFFSETS = ["0", "3 days", "-1 mon +2 days", "-1 mons -3 days -5:30", "400 years", "-20000 years", "150000000 days", "178000000 years", "-36:30:00.5"]
VALUES = """
create temp table value as
select timestamp '2024-01-01' + i * interval '97 minutes 13 seconds' as at from generate_series(1, 6000) i
union all select timestamp '0001-01-01' + i * interval '9 days' from generate_series(0, 60) i
union all select timestamp '9999-12-31 23:59' - i * interval '9 days' from generate_series(0, 60) i
union all select v from unnest(
  array[null, 'infinity', '-infinity', '4713-01-01 BC', '294276-12-31', '10000-01-01', '0001-01-01', '2011-12-30 09:00']::timestamp[]) v
"""


def value(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
@pytest.mark.parametrize("zone", ZONES)
def test_the_generated_expression_equals_the_function_for_every_value_and_offset(
    connection: psycopg.Connection, kind: str, zone: str
) -> None:
    connection.execute("set intervalstyle = 'sql_standard'; set datestyle = 'German'; set timezone = 'America/New_York'")
    connection.execute(VALUES)
    connection.execute(f"create temp table typed as select at::{kind} as v from value".encode())
    for offset in OFFSETS:
        for at_time in ("null", "'02:30:00.25'"):
            for function in ("field_nominal", "field_end"):
                expression = value(
                    connection, f"select jittask.{function}_sql('{kind}', 'v', '{offset}', {at_time}, '{zone}')"
                )
                wrong = value(
                    connection,
                    f"select count(*) from typed where ({expression}) is distinct from"
                    f" jittask.{function}(v, '{offset}', {at_time}::time, '{zone}')",
                )
                assert wrong == 0, (function, offset, at_time)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("field_nominal(date '2026-03-29', '0', '02:30', 'Europe/Berlin')", "2026-03-29 01:00+00"),
        ("field_nominal(date '2026-10-25', '0', '02:30', 'Europe/Berlin')", "2026-10-25 00:30+00"),
        ("field_nominal(date '2026-05-31', '-3 days', '09:00', 'Asia/Shanghai')", "2026-05-28 01:00+00"),
        ("field_nominal(date '2026-03-31', '1 mon', null, 'UTC')", "2026-04-30 00:00+00"),
        ("field_nominal(date '2026-03-31', '1 mon 1 day 36:00', null, 'UTC')", "2026-05-02 12:00+00"),
        ("field_nominal(timestamp '2026-03-28 12:00', '1 day', null, 'Europe/Berlin')", "2026-03-29 10:00+00"),
        ("field_nominal(timestamp '2026-03-28 12:00', '24:00', null, 'Europe/Berlin')", "2026-03-29 11:00+00"),
        ("field_nominal(timestamptz '2026-03-28 12:00+00', '1 day', null, 'Europe/Berlin')", "2026-03-29 11:00+00"),
        ("field_nominal(timestamptz '2026-10-25 01:30+00', '0', null, 'Europe/Berlin')", "2026-10-25 01:30+00"),
        ("field_nominal(timestamptz '2026-01-01 23:30:00.5+00', '0', '08:00', 'Asia/Tokyo')", "2026-01-01 23:00+00"),
        ("field_end(date '2026-12-31', '0', null, 'Asia/Tokyo')", "2026-12-31 14:59:59.999999+00"),
        ("field_end(date '2026-04-23', '0', null, 'Africa/Cairo')", "2026-04-23 21:59:59.999999+00"),
        ("field_end(date '2026-12-31', '1 day', '12:00', 'UTC')", "2027-01-01 12:00+00"),
        ("field_end(timestamp '2026-12-31 10:00', '-1 day', null, 'UTC')", "2026-12-30 10:00+00"),
        ("field_nominal(date 'infinity', '0', null, 'UTC')", None),
        ("field_nominal(timestamp '0044-03-15 BC', '0', null, 'UTC')", None),
        ("field_nominal(timestamptz '9999-12-31 23:00+00', '2 hours', null, 'UTC')", None),
        ("field_nominal(null::date, '0', null, 'UTC')", None),
    ],
)
def test_a_date_of_a_row_becomes_this_instant(connection: psycopg.Connection, call: str, expected: str | None) -> None:
    wanted = None if expected is None else datetime.fromisoformat(expected)
    assert value(connection, f"select jittask.{call}") == wanted
