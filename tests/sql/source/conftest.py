"""A schema of each test's own, so that tests of one module share a database and no table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

_NUMBERS = itertools.count(1)


@pytest.fixture
def session(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session whose tables go into a schema that ends with the test; citext is installed."""
    connection.execute("create extension if not exists citext with schema public")
    schema = sql.Identifier(f"case_{next(_NUMBERS)}")
    connection.execute(sql.SQL("create schema {0}; set search_path = {0}, public").format(schema))
    yield connection
    connection.execute(sql.SQL("reset all; reset role; drop schema {} cascade").format(schema))
