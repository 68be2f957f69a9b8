"""Fixtures of all tests: a real server for the session, a cloned database for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support.databases import Databases
from tests.support.server import running_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """DSN of the server's maintenance database."""
    with running_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def databases(server: str) -> Iterator[Databases]:
    made = Databases(server)
    yield made
    made.close()


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[str]:
    """DSN of a database of the module's own, with the schema installed."""
    dsn = databases.installed()
    yield dsn
    databases.drop(dsn)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """A session in the module's database, in autocommit mode."""
    with psycopg.connect(database, autocommit=True) as session:
        yield session


@pytest.fixture
def fresh_database(databases: Databases) -> Iterator[Callable[..., str]]:
    """Makes databases for one test: `fresh_database()` with the schema, `fresh_database(installed=False)` empty."""
    made: list[str] = []

    def make(*, installed: bool = True) -> str:
        made.append(databases.installed() if installed else databases.empty())
        return made[-1]

    yield make
    for dsn in made:
        databases.drop(dsn)
