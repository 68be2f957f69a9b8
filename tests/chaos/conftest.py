"""A server of its own for each module of chaos: some of them restart it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jittask_pg.embedded import EmbeddedServer, system_binaries
from jittask_pg.migration import migrate
from tests.chaos import ledger

pytestmark = pytest.mark.chaos


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(
        temporary=True,
        binaries=system_binaries(),
        settings={"max_connections": "200", "fsync": "on", "synchronous_commit": "on"},
        user="postgres",
    ) as server:
        yield server


@pytest.fixture
def dsn(own_server: EmbeddedServer) -> str:
    with psycopg.connect(own_server.dsn, autocommit=True) as connection:
        migrate(connection)
        ledger.prepare(connection)
    return own_server.dsn


@pytest.fixture
def session(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path
