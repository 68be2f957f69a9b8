"""date_column_type: which columns dates may come from."""

from __future__ import annotations

import psycopg
import pytest

from tests.sql.source.helpers import refusal, value


@pytest.fixture
def table(session: psycopg.Connection) -> psycopg.Connection:
    session.execute("""
        create domain due as timestamptz check (false);
        create domain later as due;
        create type mood as enum ('sad');
        create table t (id int, d date, t timestamp(0), tz timestamp with time zone, later later, clock time,
                        days date[], mood mood, words text);
    """)
    return session


@pytest.mark.parametrize(
    ("column", "kind"), [("d", "date"), ("t", "timestamp"), ("tz", "timestamptz"), ("later", "timestamptz")]
)
def test_domains_are_resolved(table: psycopg.Connection, column: str, kind: str) -> None:
    assert value(table, "select jittask.date_column_type('t', %s)", [column]) == kind


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("words", 'Date field "words" of table "{schema}.t" is of type "text"'),
        ("clock", 'Date field "clock" of table "{schema}.t" is of type "time without time zone"'),
        ("days", 'Date field "days" of table "{schema}.t" is of type "date[]"'),
        ("mood", 'Date field "mood" of table "{schema}.t" is of type "{schema}.mood"'),
        ("due", 'Date field "due" is not a column of table "{schema}.t"'),
        ("xmin", 'Date field "xmin" is not a column of table "{schema}.t"'),
    ],
)
def test_any_other_column_is_refused_and_the_date_columns_are_listed(
    table: psycopg.Connection, column: str, message: str
) -> None:
    said = refusal(table, "select jittask.date_column_type('t', %s)", [column])
    assert said.message_primary == message.format(schema=value(table, "select current_schema()"))
    assert said.message_detail == 'Columns of type date, timestamp or timestamptz: "d", "t", "tz", "later"'
    assert said.message_hint == "Name a column of type date, timestamp or timestamptz"
