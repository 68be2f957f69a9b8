"""Errors of the database as errors of the package: class by code, fact, value and way out."""

from __future__ import annotations

import psycopg
import pytest

from jittask_pg import errors
from jittask_pg.errors import JitTaskError, from_database, translated


def refusal(connection: psycopg.Connection, statement: str) -> JitTaskError:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement.encode())
    return from_database(caught.value)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("JT001", errors.InvalidValueError),
        ("JT002", errors.NotFoundError),
        ("JT003", errors.LockError),
        ("JT004", errors.RightsError),
        ("JT005", errors.WatchError),
        ("JT006", errors.LeaseError),
        ("JT007", errors.StateError),
        ("42501", errors.RightsError),
        ("55P03", errors.LockError),
        ("57P01", errors.UnavailableError),
        ("22007", errors.InvalidValueError),
        ("XX000", errors.DatabaseError),
    ],
)
def test_the_class_follows_the_code(
    connection: psycopg.Connection, state: str, kind: type[JitTaskError]
) -> None:
    error = refusal(
        connection,
        f"do $$ begin raise exception 'a fact' using errcode = '{state}', detail = 'a value', hint = 'a way'; end $$",
    )
    assert type(error) is kind
    assert (error.fact, error.value, error.way_out, error.sqlstate) == ("a fact", "a value", "a way", state)
    assert str(error) == "a fact\na value\na way"


def test_a_constraint_speaks_through_its_name_and_shows_no_row(connection: psycopg.Connection) -> None:
    error = refusal(
        connection,
        "insert into jittask.calendar (name, country, weekend) values ('a', 'secret', '{7}')",
    )
    assert isinstance(error, errors.InvalidValueError)
    assert "calendar weekend holds weekdays 0 to 6" in error.fact
    assert "secret" not in str(error)


def test_a_refusal_in_words_is_told_as_it_is(connection: psycopg.Connection) -> None:
    error = refusal(
        connection,
        "insert into jittask.task (kind, handler, start_at, args) values ('scheduled', 'a', now(), '[\"secret\"]')",
    )
    assert isinstance(error, errors.InvalidValueError)
    assert error.fact == 'args is "array", not an object'
    assert "secret" not in str(error)


def test_a_missing_column_value_is_named(connection: psycopg.Connection) -> None:
    error = refusal(connection, "insert into jittask.calendar (name) values (null)")
    assert '"name" of calendar is missing' in error.fact


def test_constraints_of_users_are_left_as_they_are(connection: psycopg.Connection) -> None:
    connection.execute("create table public.own (n int constraint n_is_small check (n < 5))")
    error = refusal(connection, "insert into public.own values (7)")
    assert type(error) is errors.DatabaseError
    assert "n_is_small" in error.fact


def test_a_missing_function_of_ours_means_an_older_schema(connection: psycopg.Connection) -> None:
    error = refusal(connection, "select jittask.not_there_yet()")
    assert isinstance(error, errors.SchemaVersionError)
    assert error.way_out == "Run: jittask migrate"
    assert type(refusal(connection, "select not_there_either()")) is errors.DatabaseError


def test_what_the_client_itself_finds_is_told_too() -> None:
    with pytest.raises(errors.UnavailableError), translated():
        psycopg.connect("host=/nowhere")


def test_the_original_error_is_kept_as_the_cause(connection: psycopg.Connection) -> None:
    with pytest.raises(JitTaskError) as caught, translated():
        connection.execute("select 1 / 0")
    assert isinstance(caught.value.__cause__, psycopg.errors.DivisionByZero)


@pytest.mark.parametrize(
    ("fact", "way_out"),
    [
        ("permission denied for schema jittask", "Let an admin grant a group role"),
        ("permission denied for table jittask.task", "Let an admin grant a group role"),
        ("must be owner of schema jittask", "the role that installed jittask"),
        ("permission denied for database app", "a role that may create schemas there"),
        ("permission denied for table contract", None),
    ],
)
def test_a_missing_right_comes_with_the_way_to_it(
    connection: psycopg.Connection, fact: str, way_out: str | None
) -> None:
    error = refusal(connection, f"do $$ begin raise exception '{fact}' using errcode = '42501'; end $$")
    assert type(error) is errors.RightsError
    assert (error.way_out is None) == (way_out is None)
    assert way_out is None or way_out in str(error.way_out)
