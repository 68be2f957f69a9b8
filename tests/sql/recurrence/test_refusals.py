"""Whatever is passed in: a valid answer, or JT001 naming the field, quoting the value, showing the way out."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

CORPUS = Path(__file__).parents[2] / "cases" / "refused.json"


def outcome(connection: psycopg.Connection, query: str, parameters: dict[str, Any]) -> psycopg.Error | None:
    """The error, checked for its form; None where there was an answer."""
    refused: psycopg.Error | None = None
    try:
        connection.execute(query.encode(), parameters).fetchall()
    except psycopg.Error as error:
        refused = error
    if refused is not None:
        message = refused.diag.message_primary or ""
        assert refused.sqlstate == "JT001", (query, parameters, refused)
        assert message.startswith("Field "), (parameters, refused)
        assert refused.diag.message_hint, (parameters, refused)
    return refused


CRON = "select jittask.cron_next(%(text)s, '2026-01-01', 'UTC')"
ZONE = "select jittask.cron_next('* * * * *', '2026-01-01', %(text)s)"


@pytest.mark.parametrize("case", json.loads(CORPUS.read_text(encoding="utf-8"))["cron"], ids=repr)
def test_a_refused_expression_of_the_corpus_stays_refused(
    connection: psycopg.Connection, case: list[str]
) -> None:
    expression, words = case
    error = outcome(connection, CRON, {"text": expression})
    assert error is not None
    assert words in f"{error.diag.message_primary} / {error.diag.message_hint}"


@pytest.mark.parametrize(
    ("expression", "quoted"),
    [
        ("0 9 * foo *", '"foo"'),
        ("0 9 * * mon-Sun", '"mon-Sun"'),
        ("0 9 15w * *", '"15w"'),
        ("h 9 * * *", '"h"'),
        ("0 9 * * fri#6", '"fri#6"'),
        ("*/x * * * *", '"*/x"'),
    ],
)
def test_what_is_refused_is_quoted_as_it_was_written(
    connection: psycopg.Connection, expression: str, quoted: str
) -> None:
    error = outcome(connection, CRON, {"text": expression})
    assert error is not None
    assert quoted in str(error)


@pytest.mark.parametrize("zone", json.loads(CORPUS.read_text(encoding="utf-8"))["timezone"])
def test_a_refused_zone_of_the_corpus_stays_refused(connection: psycopg.Connection, zone: str) -> None:
    error = outcome(connection, ZONE, {"text": zone})
    assert error is not None
    assert f'"{zone}"' in str(error)


def test_every_zone_of_the_server_is_taken_as_it_is_spelled(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select name from pg_timezone_names where name not in ('posixrules', 'localtime')"
        " and jittask.canonical_timezone(name) <> name"
    ).fetchall()
    assert rows == []


def test_a_zone_that_the_list_of_the_installation_lacks_is_found_in_the_view(
    connection: psycopg.Connection,
) -> None:
    connection.execute("delete from jittask.zone where name = 'Europe/Berlin'")
    row = connection.execute("select jittask.canonical_timezone('Europe/Berlin')").fetchone()
    assert row == ("Europe/Berlin",)
    connection.execute("insert into jittask.zone values ('Europe/Berlin')")


def test_two_thousand_mangled_expressions_are_answered_or_refused(connection: psycopg.Connection) -> None:
    chance = random.Random(20)
    pieces = [
        *"0123456789*/-,?#LW@~H% \t",
        "MON",
        "JAN",
        "60",
        "24",
        "32",
        "13",
        "1-5",
        "*/0",
        "5L",
        "1#6",
        "é",
        "٣",
        "TZ=",
        "0x1",
        "1e3",
        "99999999999",
        "--",
        "//",
        ",,",
    ]
    bases = [
        "0 9 * * MON-FRI",
        "*/5 * * * *",
        "0 0 L * *",
        "15,45 0 12 * * 1-5",
        "@daily",
        "0 0 29 2 1#5",
        "0 0 LW JAN-MAR 5L",
    ]
    refused = 0
    for _ in range(2200):
        text = list(chance.choice(bases))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            text[at : at + chance.randint(0, 2)] = [chance.choice(pieces)]
        refused += outcome(connection, CRON, {"text": "".join(text)}) is not None
    assert refused > 500


def test_mangled_zones_are_answered_or_refused(connection: psycopg.Connection) -> None:
    chance = random.Random(21)
    bases = ["Europe/Berlin", "UTC", "Etc/GMT-8", "America/Argentina/Buenos_Aires", "EST5EDT"]
    for _ in range(400):
        text = list(chance.choice(bases))
        at = chance.randrange(len(text))
        text[at : at + chance.randint(0, 3)] = [
            chance.choice(["", "x", "+", "3", ":", "..", "'", '"', " ", "UTC", "ß", "<+03>-3", ","])
        ]
        outcome(connection, ZONE, {"text": "".join(text)})


ARGUMENTS: dict[str, list[Any]] = {
    "repeat": [
        "none",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "interval",
        "cron",
        "",
        "DAILY",
        "secondly",
        None,
    ],
    "start_at": [
        "2026-01-31 09:00+00",
        "1900-01-01",
        "9999-12-31 23:59+00",
        "0001-01-01 BC",
        "infinity",
        "-infinity",
        "294276-12-31",
        None,
    ],
    "after": [
        "2026-02-01",
        "-infinity",
        "infinity",
        "1850-01-01",
        "9999-12-31",
        "4713-01-01 BC",
        "294276-12-31",
        None,
    ],
    "count": [3, 0, -1, 2147483647, None],
    "timezone": [None, "UTC", "Asia/Shanghai", "utc", "UTC+8", ""],
    "every": [1, 2, 1000000, 0, -5, 2147483647, None],
    "period": [
        None,
        "1 second",
        "90 minutes",
        "36 hours",
        "1 mon",
        "0",
        "-1 hour",
        "0.5 seconds",
        "178000000 years",
        "99999 days",
        "1.5 seconds",
    ],
    "cron": [None, "0 9 * * *", "* * * * *", "0 0 30 2 *", "", "nonsense"],
    "month_overflow": ["clamp", "skip", "wrap", None],
    "end_at": [None, "2026-06-01", "2020-01-01", "infinity", "294276-12-31"],
    "max_runs": [None, 1, 5, 0, -3],
    "calendar": [None, "CN", "NOWHERE", ""],
    "skip_holidays": ["none", "nonworking", "holidays", "all", None],
    "holiday_policy": ["next_workday", "previous_workday", "drop", "later", None],
}
TYPES = {"start_at": "timestamptz", "after": "timestamptz", "end_at": "timestamptz", "period": "interval"}


def test_any_mixture_of_arguments_is_answered_or_refused(connection: psycopg.Connection) -> None:
    connection.execute("insert into jittask.calendar (name) values ('CN') on conflict do nothing")
    chance = random.Random(22)
    answered = 0
    for _ in range(1500):
        chosen = {name: values[0] for name, values in ARGUMENTS.items()}
        chosen["repeat"] = chance.choice(ARGUMENTS["repeat"][:8])
        chosen["cron"] = "0 9 * * *" if chosen["repeat"] == "cron" else None
        chosen["period"] = "36 hours" if chosen["repeat"] == "interval" else None
        for name in chance.sample(list(ARGUMENTS), chance.randint(0, 3)):
            chosen[name] = chance.choice(ARGUMENTS[name])
        names = ", ".join(
            f"{name} => %({name})s"
            + (
                f"::{TYPES[name]}"
                if name in TYPES
                else "::int"
                if name in ("count", "every", "max_runs")
                else "::text"
            )
            for name in chosen
        )
        query = f"select * from jittask.next_occurrences({names})"
        error = outcome(connection, query, chosen)
        answered += error is None
    assert answered > 300


def test_an_unknown_calendar_mode_or_policy_is_refused(connection: psycopg.Connection) -> None:
    connection.execute("insert into jittask.calendar (name) values ('CN') on conflict do nothing")
    query = (
        "select jittask.shift_to_workday(%(calendar)s::text, %(day)s::date, %(skip)s::text, %(policy)s::text)"
    )
    good = {"calendar": "CN", "day": "2026-01-03", "skip": "nonworking", "policy": "next_workday"}
    assert outcome(connection, query, good) is None
    for name, value in [
        ("calendar", "XX"),
        ("calendar", None),
        ("day", "infinity"),
        ("day", "0001-01-01 BC"),
        ("skip", "all"),
        ("policy", ""),
    ]:
        assert outcome(connection, query, {**good, name: value}) is not None
