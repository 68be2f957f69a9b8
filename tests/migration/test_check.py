"""The version check: the way out is the command to run."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from jittask_pg import migration
from jittask_pg.errors import SchemaVersionError
from jittask_pg.migration.files import latest_version

NewDatabase = Callable[..., str]


def test_a_database_without_the_schema_is_answered_with_the_command(fresh_database: NewDatabase) -> None:
    dsn = fresh_database(installed=False)
    with (
        psycopg.connect(dsn) as connection,
        pytest.raises(SchemaVersionError, match="not installed") as caught,
    ):
        migration.check_schema(connection, "postgresql://ann:secret@host/app?x=1")
    assert caught.value.way_out == "Run: jittask migrate --dsn 'postgresql://ann@host/app?x=1'"
    assert "secret" not in str(caught.value)


def test_an_older_schema_is_answered_with_both_numbers(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database()) as connection:
        connection.execute("delete from jittask.migration where version = %s", [latest_version()])
        with pytest.raises(SchemaVersionError, match=f"{latest_version() - 1}, {latest_version()} is needed"):
            migration.check_schema(connection)


def test_a_newer_schema_is_accepted(fresh_database: NewDatabase) -> None:
    with psycopg.connect(fresh_database()) as connection:
        connection.execute(
            "insert into jittask.migration (version, name) values (%s, 'newer')", [latest_version() + 1]
        )
        migration.check_schema(connection)


def test_the_command_needs_no_option_where_the_environment_names_the_database(
    fresh_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = fresh_database(installed=False)
    monkeypatch.setenv("JITTASK_DSN", dsn)
    with psycopg.connect(dsn) as connection, pytest.raises(SchemaVersionError) as caught:
        migration.check_schema(connection, dsn)
    assert caught.value.way_out == "Run: jittask migrate"
