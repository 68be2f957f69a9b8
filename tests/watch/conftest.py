"""Watched tables under several sessions at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support.watched import Watched


@pytest.fixture
def watched(fresh_database: Callable[..., str]) -> Iterator[Watched]:
    with psycopg.connect(fresh_database(), autocommit=True) as connection:
        made = Watched(connection)
        made.execute(
            "create table t (id bigint primary key, state text default 'open', due_at timestamptz, n int default 0)"
        )
        yield made


@pytest.fixture
def other(watched: Watched) -> Iterator[Callable[[], psycopg.Connection]]:
    """Makes further sessions."""
    made: list[psycopg.Connection] = []

    def session() -> psycopg.Connection:
        made.append(psycopg.connect(watched.connection.info.dsn, autocommit=True))
        made[-1].execute("select set_config('search_path', %s, false)", [watched.schema])
        return made[-1]

    yield session
    for connection in made:
        connection.close()
