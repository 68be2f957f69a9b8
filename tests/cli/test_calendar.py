"""calendar sync, add, remove, mark, unmark, show, list."""

from __future__ import annotations

import psycopg
import pytest

from .conftest import Run


@pytest.fixture(autouse=True)
def _empty(connection: psycopg.Connection) -> None:
    connection.execute("delete from jittask.task; delete from jittask.calendar")


def days(run: Run, name: str, year: int) -> dict[str, bool]:
    return {
        day["day"]: day["working"]
        for day in run("calendar", "show", name, "--year", str(year), "--json").json["days"]
    }


def test_countries_and_their_parts_are_filled(run: Run) -> None:
    rows = run("calendar", "sync", "CN", "us-ny", "GB-SCT", "--years", "2024..2025", "--json").json
    assert [row["calendar"] for row in rows] == ["CN", "US-NY", "GB-SCT"]
    china = days(run, "CN", 2024)
    # The golden week (its 5th and 6th are a weekend anyway), and the Sunday that was worked for it.
    assert [china.get(f"2024-10-0{day}", False) for day in range(1, 8)] == [False] * 7
    assert china["2024-10-07"] is False
    assert china["2024-09-29"] is True
    assert days(run, "GB-SCT", 2024)["2024-11-30"] is False


def test_a_second_sync_writes_nothing(run: Run) -> None:
    run("calendar", "sync", "CN", "--years", "2024")
    again = run("calendar", "sync", "CN", "--years", "2024", "--json").json[0]
    assert (again["written"], again["dropped"]) == (0, 0)


def test_days_marked_by_hand_survive_a_sync(run: Run, connection: psycopg.Connection) -> None:
    run("calendar", "sync", "CN", "--years", "2024")
    run("calendar", "mark", "CN", "2024-10-01", "--working", "--note", "stocktaking")
    run("calendar", "mark", "CN", "2024-08-05")
    connection.execute(
        "insert into jittask.calendar_day values ('CN', '2024-08-06', false, 'withdrawn', 'sync')"
    )
    again = run("calendar", "sync", "CN", "--years", "2024", "--json").json[0]
    assert (again["written"], again["dropped"]) == (0, 1)
    marked = days(run, "CN", 2024)
    assert marked["2024-10-01"] is True
    assert marked["2024-08-05"] is False
    assert "2024-08-06" not in marked


def test_without_codes_every_synced_calendar_is_brought_up_to_date(run: Run) -> None:
    assert "name a CODE" in run("calendar", "sync", code=2).err
    run("calendar", "sync", "US-NY", "--years", "2024", "--name", "New York")
    run("calendar", "add", "factory")
    assert [row["calendar"] for row in run("calendar", "sync", "--years", "2025", "--json").json] == [
        "New York"
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["XX"], 1, '"XX"'),
        (["US-ZZ"], 1, "NY"),
        (["CN", "--years", "1500"], 1, "1500"),
        (["CN", "--years", "2026..2020"], 2, "2026..2020"),
        (["CN", "US", "--name", "both"], 2, "one CODE"),
    ],
)
def test_bad_input_is_refused(run: Run, words: list[str], code: int, said: str) -> None:
    assert said in run("calendar", "sync", *words, code=code).err
    assert run("calendar", "list", "--json").json == []


def test_a_calendar_of_ones_own(run: Run) -> None:
    run("calendar", "add", "factory", "--weekend", "fri,sat")
    assert "already" in run("calendar", "add", "factory", code=1).err
    run("calendar", "mark", "factory", "2026-08-03", "2026-08-04", "--note", "break")
    assert days(run, "factory", 2026) == {"2026-08-03": False, "2026-08-04": False}
    run("calendar", "unmark", "factory", "2026-08-03")
    assert "not marked" in run("calendar", "unmark", "factory", "2026-08-03", code=1).err
    assert "Fri, Sat" in run("calendar", "list").out
    run("calendar", "remove", "factory")
    assert "no calendar" in run("calendar", "show", "factory", code=1).err
    assert '"someday"' in run("calendar", "add", "odd", "--weekend", "someday", code=2).err


def test_a_calendar_is_shown_as_months(run: Run) -> None:
    run("calendar", "add", "factory", "--weekend", "fri,sat")
    run("calendar", "mark", "factory", "2026-08-03", "--note", "break")
    run("calendar", "mark", "factory", "2026-08-08", "--working")
    lines = run("calendar", "show", "factory", "--year", "2026").out.splitlines()
    head = next(number for number, line in enumerate(lines) if "August 2026" in line)
    assert [line[23:44] for line in lines[head : head + 4]] == [
        "     August 2026     ",
        "Mo Tu We Th Fr Sa Su ",
        "                1. 2 ",
        " 3* 4  5  6  7. 8+ 9 ",
    ]
    assert "break" in lines[-2]


def test_a_calendar_in_use_is_not_removed(run: Run) -> None:
    run("calendar", "add", "factory")
    run("task", "add", "t", "--handler", "a.b", "--repeat", "daily", "--calendar", "factory")
    assert "used by 1 task" in run("calendar", "remove", "factory", code=1).err


def test_marking_a_day_moves_what_is_planned_on_it(run: Run) -> None:
    run("calendar", "add", "factory")
    run(
        "task",
        "add",
        "t",
        "--handler",
        "a.b",
        "--repeat",
        "yearly",
        "--start",
        "2030-01-08 09:00",
        "--calendar",
        "factory",
    )
    run("calendar", "mark", "factory", "2030-01-08")
    assert run("preview", "t", "--count", "1", "--json").json[0]["due_at"].startswith("2030-01-09")
