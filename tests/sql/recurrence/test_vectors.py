"""The shared case files: cron over many zones, cycles, and holiday moves in thirty calendars."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

CASES = Path(__file__).parents[2] / "cases"


def load(name: str) -> dict[str, Any]:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


def instants(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


@pytest.fixture(scope="module")
def calendars(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for name, calendar in load("holidays.json")["calendars"].items():
            connection.execute(
                "insert into jittask.calendar (name, weekend) values (%s, %s)", (name, calendar["weekend"])
            )
            connection.execute(
                "insert into jittask.calendar_day (calendar, day, working)"
                " select %(name)s, d::date, false from unnest(%(free)s::text[]) d"
                " union all select %(name)s, d::date, true from unnest(%(working)s::text[]) d",
                {"name": name, "free": calendar["holidays"], "working": calendar["extra_workdays"]},
            )


def test_cron_next_follows_each_cron_case(connection: psycopg.Connection) -> None:
    wrong = []
    for case in load("cron.json")["cases"]:
        at = datetime.fromisoformat(case["start"])
        found = []
        for _ in case["next"]:
            row = connection.execute(
                "select jittask.cron_next(%s, %s, %s)", (case["expr"], at, case["tz"])
            ).fetchone()
            assert row is not None
            at = row[0]
            found.append(at)
        if found != instants(case["next"]):
            wrong.append((case, found))
    assert wrong == []


def test_next_occurrences_gives_the_same_series_as_cron_next(connection: psycopg.Connection) -> None:
    wrong = []
    for case in load("cron.json")["cases"]:
        rows = connection.execute(
            "select nominal_at, due_at from jittask.next_occurrences('cron', %(start)s, %(start)s,"
            " count => %(count)s, timezone => %(tz)s, cron => %(expr)s)",
            {**case, "count": len(case["next"])},
        ).fetchall()
        expected = instants(case["next"])
        if rows != list(zip(expected, expected, strict=True)):
            wrong.append((case, rows))
    assert wrong == []


@pytest.mark.parametrize("expression", load("cron.json")["invalid"])
def test_a_malformed_expression_is_refused_by_field_and_value(
    connection: psycopg.Connection, expression: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("select jittask.cron_next(%s, now())", (expression,))
    assert caught.value.sqlstate == "JT001"
    assert "Field cron" in str(caught.value)
    assert caught.value.diag.message_hint


def test_next_occurrences_follows_each_cycle_case(connection: psycopg.Connection) -> None:
    wrong = []
    for case in load("cycles.json")["cases"]:
        arguments = {key: value for key, value in case.items() if key not in ("due", "tag")}
        names = ", ".join(f"{name} => %({name})s" for name in arguments)
        rows = connection.execute(
            f"select due_at from jittask.next_occurrences({names})".encode(),
            arguments,
        ).fetchall()
        if [row[0] for row in rows] != instants(case["due"]):
            wrong.append((case, rows))
    assert wrong == []


@pytest.mark.usefixtures("calendars")
def test_each_local_time_moves_as_its_holiday_case_says(connection: psycopg.Connection) -> None:
    wrong = []
    for case in load("holidays.json")["moves"]:
        row = connection.execute(
            "select jittask.due_of(row('none', at, null, %(timezone)s, 1, null, null, 'clamp', null,"
            "   %(calendar)s, %(skip_holidays)s, %(holiday_policy)s, false)::jittask.rule, at),"
            " jittask.to_instant(jittask.shift_to_workday(%(calendar)s, %(local)s::timestamp::date,"
            "   %(skip_holidays)s, %(holiday_policy)s) + %(local)s::timestamp::time, %(timezone)s)"
            " from jittask.to_instant(%(local)s::timestamp, %(timezone)s) at",
            case,
        ).fetchone()
        due = datetime.fromisoformat(case["due"])
        if row != (due, due):
            wrong.append((case, row))
    assert wrong == []


@pytest.mark.usefixtures("calendars")
def test_each_series_moves_and_merges_as_its_holiday_case_says(connection: psycopg.Connection) -> None:
    wrong = []
    for case in load("holidays.json")["series"]:
        rows = connection.execute(
            "select o.occurrence_no, o.due_at from jittask.to_instant(%(start)s::timestamp, %(tz)s) at,"
            " jittask.next_occurrences(%(kind)s, at, at - interval '1 day', count => %(n)s,"
            "   timezone => %(tz)s, every => %(every)s, cron => %(cron)s,"
            "   calendar => %(cal)s, skip_holidays => %(mode)s) o",
            {**case, "cron": case.get("expr")},
        ).fetchall()
        if rows != list(enumerate(instants(case["due"]), 1)):
            wrong.append((case, rows))
    assert wrong == []
