"""Calls of the functions under test, and sessions that are set up to disturb them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, LiteralString, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import Diagnostic

ODD_SETTINGS: dict[str, LiteralString] = {
    "default": "select",
    "west": "set timezone = 'America/New_York'; set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard'",
    "east": "set timezone = 'Pacific/Kiritimati'; set datestyle = 'German, MDY'; set intervalstyle = 'postgres_verbose'",
    "escape": "set bytea_output = 'escape'; set extra_float_digits = -15",
    "backslash": "set standard_conforming_strings = off; set escape_string_warning = off; "
    "set backslash_quote = off; set transform_null_equals = on; set array_nulls = off",
}


def paste(statement: str, **parts: str) -> sql.Composed:
    """A statement with pieces of SQL put in where it names them."""
    return sql.SQL(cast("LiteralString", statement)).format(
        **{name: sql.SQL(cast("LiteralString", part)) for name, part in parts.items()}
    )


def value(
    session: psycopg.Connection, statement: str | sql.Composed, parameters: Sequence[object] = ()
) -> Any:
    """The single value that a statement gives."""
    row = session.execute(cast("LiteralString", statement), list(parameters) or None).fetchone()
    assert row is not None
    return row[0]


def has_citext(session: psycopg.Connection) -> bool:
    """Whether the server brings the extension type that most people know."""
    return value(session, "select exists (select from pg_available_extensions where name = 'citext')")


def compiled(session: psycopg.Connection, filter: object, table: str = "t", timezone: str = "UTC") -> str:
    """What compile_filter makes of a filter."""
    return value(
        session,
        "select jittask.compile_filter(%s::jsonb, %s::regclass, %s)",
        [json.dumps(filter), table, timezone],
    )


def matching(
    session: psycopg.Connection, filter: object, table: str = "t", timezone: str = "UTC", column: str = "id"
) -> list[Any]:
    """Sorted values of a column over the rows that match."""
    condition = compiled(session, filter, table, timezone)
    rows = session.execute(
        sql.SQL("select {}, {} from {} r order by 1").format(
            sql.Identifier(column), sql.SQL(cast("LiteralString", condition)), sql.Identifier(table)
        )
    ).fetchall()
    assert {verdict for _, verdict in rows} <= {True, False}, "a condition is true or false, never null"
    return [found for found, verdict in rows if verdict]


def refusal(
    session: psycopg.Connection, statement: str, parameters: Sequence[object], code: str = "JT001"
) -> Diagnostic:
    """What the statement is refused with; asserts the code and the form of the texts."""
    with pytest.raises(psycopg.Error) as caught:
        session.execute(cast("LiteralString", statement), list(parameters))
    said = caught.value.diag
    assert (said.sqlstate, said.message_primary) == (code, said.message_primary)
    for text in (said.message_primary, said.message_hint):
        assert text is not None
        assert text[0].isupper()
        assert not text.endswith(".")
    return said


def filter_refusal(session: psycopg.Connection, filter: object, table: str = "t") -> Diagnostic:
    """What compile_filter refuses a filter with."""
    return refusal(
        session,
        "select jittask.compile_filter(%s::jsonb, %s::regclass, 'Asia/Shanghai')",
        [json.dumps(filter), table],
    )
