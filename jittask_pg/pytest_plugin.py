"""Fixtures for users' own tests: a database whose time is moved by hand.

    def test_reminders_go_out_three_days_before(jittask_rehearsal):
        rehearsal = jittask_rehearsal("2030-01-07T12:00:00+00:00", {"remind": remind})
        rehearsal.connection.execute("insert into contract …")
        runs = rehearsal.advance("2030-02-01T00:00:00+00:00")

The database is named by ``--jittask-dsn``, or by the environment variable ``JITTASK_REHEARSAL_DSN``. It
belongs to the tests: what the schema ``jittask`` holds is emptied before each rehearsal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import Rehearsal

__all__ = ["jittask_dsn", "jittask_rehearsal"]

_VARIABLE = "JITTASK_REHEARSAL_DSN"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--jittask-dsn``."""
    parser.getgroup("jittask").addoption(
        "--jittask-dsn",
        metavar="DSN",
        help=f"Database for rehearsals, used up by the tests; default: ${_VARIABLE}.",
    )


@pytest.fixture(scope="session")
def jittask_dsn(request: pytest.FixtureRequest) -> str:
    """Connection string of the database for rehearsals, with the schema installed; override it at will."""
    dsn = request.config.getoption("--jittask-dsn") or os.environ.get(_VARIABLE)
    if not dsn:
        pytest.skip(f"no database for rehearsals: pass --jittask-dsn, or set {_VARIABLE}")
    # Imported here: pytest loads plugins for every run, also for those that rehearse nothing.
    from . import migration
    from .database import connect

    with connect(dsn) as connection:
        migration.migrate(connection)
    return dsn


@pytest.fixture
def jittask_rehearsal(jittask_dsn: str) -> Generator[Callable[..., Rehearsal], None, None]:
    """Begins rehearsals: called as `Rehearsal` without its connection string; closed after the test."""
    from .database import connect
    from .statements.rehearsal import empty_installation
    from .testing import Rehearsal

    begun: list[Rehearsal] = []

    def begin(
        start: datetime | str, handlers: Mapping[str, Callable[..., Any]] | None = None, **options: Any
    ) -> Rehearsal:
        with connect(jittask_dsn) as connection:
            empty_installation(connection)
        begun.append(Rehearsal(jittask_dsn, start, handlers, **options))
        return begun[-1]

    yield begin
    for rehearsal in begun:
        rehearsal.close()
