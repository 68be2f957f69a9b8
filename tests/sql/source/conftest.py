"""A schema of each test's own, so that tests of one module share a database and no table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.sql.source.helpers import has_citext, value

_NUMBERS = itertools.count(1)


@pytest.fixture
def session(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session whose tables go into a schema that ends with the test; citext is there if the server has it."""
    if has_citext(connection):
        connection.execute("create extension if not exists citext with schema public")
    schema = sql.Identifier(f"case_{next(_NUMBERS)}")
    connection.execute(sql.SQL("create schema {0}; set search_path = {0}, public").format(schema))
    yield connection
    connection.execute(sql.SQL("reset all; reset role; drop schema {} cascade").format(schema))


@pytest.fixture
def citext(session: psycopg.Connection) -> psycopg.Connection:
    """The session, where the server brings citext; the embedded one does not."""
    if not has_citext(session):
        pytest.skip("the server does not bring citext")
    return session


@pytest.fixture
def caseless(session: psycopg.Connection) -> psycopg.Connection:
    """The session, with a collation `caseless` under which "a" equals "A", where the server has ICU."""
    if not value(session, "select exists (select from pg_collation where collname = 'und-x-icu')"):
        pytest.skip("the server was built without ICU")
    session.execute(
        "create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    return session
