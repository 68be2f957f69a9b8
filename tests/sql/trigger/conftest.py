"""A watched table of each test's own."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import clock
from tests.support.watched import Watched

NOW = "2026-03-02 09:00+00"


@pytest.fixture
def watched(connection: psycopg.Connection) -> Iterator[Watched]:
    """A schema for one test, which the session's search_path names; its tasks and tables end with the test."""
    # The embedded server comes without extensions.
    if connection.execute("select from pg_available_extensions where name = 'citext'").fetchone() is not None:
        connection.execute("create extension if not exists citext with schema public")
    clock.at(connection, NOW)
    made = Watched(connection)
    yield made
    made.close()
