"""The database that has pg_cron, and what it says of our jobs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from psycopg import conninfo

from .. import database, statements
from ..connections import Rows, Steps, drive
from ..database import Connection
from ..migration import job_prefix
from ..statements.call import Call
from .session import Session

__all__ = ["CronDatabase", "Extension", "cron_database", "failure_of"]


class Extension(NamedTuple):
    """pg_cron as a database and a role see it; names as in `statements.pg_cron.extension`."""

    database: str
    role: str
    superuser: bool
    version: str | None
    available: bool
    its_database: str | None
    most_jobs: int | None
    background: bool | None
    usable: bool
    schedules_elsewhere: bool


class CronDatabase:
    """A connection to the database that has the extension, or should.

    Args:
        connection: to it.
        served: name of the database that the jobs serve.
    """

    def __init__(self, connection: Connection, served: str) -> None:
        self.connection = connection
        self.served = served
        self.prefix = job_prefix(served)
        self.extension = Extension(*self.run(statements.pg_cron.extension())[0])

    def run(self, call: Call) -> Rows:
        """Execute one statement."""

        def steps() -> Steps[Rows]:
            return (yield call)

        return drive(self.connection, steps())

    def jobs(self) -> list[dict[str, Any]]:
        """Our jobs, as far as the role may see them: job_id, name, schedule, command, role, active, status,
        message, started_at."""
        if self.extension.version is None or not self.extension.usable:
            return []
        names = (
            "job_id", "name", "schedule", "command", "role", "active", "status", "message", "started_at",
        )  # fmt: skip
        return [dict(zip(names, row, strict=True)) for row in self.run(statements.pg_cron.jobs(self.prefix))]


@contextmanager
def cron_database(session: Session, name: str | None = None) -> Generator[CronDatabase, None, None]:
    """The database that has the extension.

    Args:
        session: of the database that the jobs serve.
        name: of the other one; None = this one, or the one that the server's setting names where the role may
            read it.

    Raises:
        UnavailableError: it cannot be reached.
    """
    here = CronDatabase(session.plain_connection(), session.plain_connection().info.dbname)
    other = name
    if other is None and here.extension.version is None:
        other = here.extension.its_database
    if other is None or other == here.served:
        yield here
        return
    dsn = conninfo.make_conninfo(database.resolve_dsn(session.dsn), dbname=other)
    with database.connect(dsn, application_name="jittask command") as connection:
        yield CronDatabase(connection, here.served)


def failure_of(job: dict[str, Any]) -> str | None:
    """What the last run of a job failed with; None where it did not fail."""
    if job["status"] != "failed":
        return None
    return " ".join(str(job["message"]).split()).removeprefix("ERROR: ")
