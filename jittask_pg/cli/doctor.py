"""Looks for what is wrong or about to be, and says what to do about each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import click

from .. import migration, statements
from ..database import migrate_command
from ..errors import UnavailableError
from .cron_database import cron_database, failure_of
from .output import answer_rows, counted, length
from .session import Session, with_session

__all__ = ["doctor"]

_OLD_TRANSACTION = 600
_OLD_BACKLOG = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at and found wrong or noteworthy."""

    weight: Literal["error", "warning", "note"]
    fact: str
    way_out: str


@click.command()
@with_session
def doctor(session: Session) -> None:
    """Examine the installation; each finding comes with its way out. Exit code 1 where there is an error.

    \b
    Example:
      jittask doctor --dsn postgresql://localhost/app
    """
    found = list(_findings(session))
    answer_rows(
        session.as_json,
        [{"weight": finding.weight, "fact": finding.fact, "way_out": finding.way_out} for finding in found],
        {"weight": "", "fact": "finding", "way_out": "way out"},
        "Nothing is wrong",
    )
    if any(finding.weight == "error" for finding in found):
        sys.exit(1)


def _findings(session: Session) -> Iterator[Finding]:
    yield from _schema(session)
    yield from _server(session)
    yield from _watching(session)
    yield from _working(session)
    yield from _pg_cron(session)
    for name, last_on, synced in session.run(statements.doctor.stale_calendars()):
        until = "has no marked day" if last_on is None else f"is filled through {last_on} only"
        yield Finding(
            "warning",
            f'Calendar "{name}" {until}; after that only weekends count',
            f"Run: jittask calendar sync {name}"
            if synced
            else f"Mark days: jittask calendar mark {name} DAY",
        )


def _schema(session: Session) -> Iterator[Finding]:
    state = migration.schema_state(session.connection)
    if state.functions_differ and state.version == state.wanted:
        yield Finding(
            "warning",
            f"{counted(len(state.functions_differ), 'function file')} unlike this package's",
            f"If this package is the newer one, run: {migrate_command(session.dsn)}",
        )
    if state.version is not None and state.version > state.wanted:
        yield Finding(
            "note",
            f"The schema is at migration {state.version}, ahead of this package ({state.wanted})",
            "Upgrade the package here when convenient",
        )


def _server(session: Session) -> Iterator[Finding]:
    version, prepared, notify, missing_roles, age, application = session.run(statements.doctor.server())[0]
    if version < 140000:
        yield Finding("error", f"Postgres {version // 10000} is too old", "Use Postgres 14 to 18")
    if missing_roles:
        yield Finding(
            "warning",
            f"Group roles are missing, or have no rights here: {missing_roles}",
            f"Let a role with CREATEROLE make them (nologin), then run: {migrate_command(session.dsn)}",
        )
    if prepared > 0 and notify == "on":
        yield Finding(
            "note",
            f"max_prepared_transactions is {prepared}, so writers never notify",
            "Workers find work by polling; shorten poll_interval if a second is too long",
        )
    if age is not None and age > _OLD_TRANSACTION:
        yield Finding(
            "warning",
            f'A transaction of "{application}" has been open for {length(timedelta(seconds=age))}',
            "End it: old snapshots keep dead rows of the queue from being cleaned",
        )


def _watching(session: Session) -> Iterator[Finding]:
    for table, reason, _ in session.run(statements.doctor.broken_watches()):
        fact, _, grants = reason.partition("; run: ")
        yield Finding(
            "error",
            f'Watch of "{table}" is broken: {fact}',
            f"Run: {grants}" if grants else "Mend the table, or change its tasks",
        )
    for task, reason, _ in session.run(statements.doctor.broken_tasks()):
        yield Finding(
            "error",
            f'Task "{task}" is broken and plans nothing: {reason}',
            "Mend the table, or change the task; it heals by itself",
        )
    for table, tasks in session.run(statements.doctor.detached_tables()):
        yield Finding(
            "warning",
            f'Table "{table}" is detached, and {counted(tasks, "task")} should watch it: writes are not seen',
            f"When you are done with it, run: jittask attach {table}",
        )
    count, age, backfills = session.run(statements.doctor.backlog())[0]
    if backfills:
        yield Finding(
            "note",
            f"{counted(backfills, 'table')} being planned",
            "Wait; jittask explain shows how far",
        )
    elif count and age > _OLD_BACKLOG:
        yield Finding(
            "warning",
            f"{counted(count, 'entry', 'entries')} to be planned anew, "
            f"the oldest waiting for {length(timedelta(seconds=age))}",
            "Start a worker, or run: select jittask.sweep()",
        )


def _working(session: Session) -> Iterator[Finding]:
    for queue, count in session.run(statements.doctor.unserved_queues()):
        yield Finding(
            "error",
            f'{counted(count, "due occurrence")} in queue "{queue}", and no worker serves it',
            f"Start one: jittask worker --queue {queue} --import MODULE",
        )
    for reason, count, tasks in session.run(statements.doctor.given_back()):
        yield Finding(
            "error",
            f"{counted(count, 'run')} given back in the last hour ({tasks}): {reason}",
            "Mend the cause: a missing GRANT, or a handler that no worker knows",
        )


def _pg_cron(session: Session) -> Iterator[Finding]:
    try:
        with cron_database(session) as cron:
            jobs = cron.jobs()
    except UnavailableError:
        # It is in a database that this role may not enter.
        return
    for job in jobs:
        failure = failure_of(job)
        if not job["active"]:
            yield Finding(
                "warning", f"Job {job['name']} of pg_cron is switched off", "Run: jittask pg-cron install"
            )
        elif failure is not None:
            yield Finding(
                "error",
                f"Job {job['name']} of pg_cron fails: {failure}",
                f'Let role "{job["role"]}" connect from the server itself: cron.host, pg_hba.conf, .pgpass'
                if failure == "connection failed"
                else "Mend the cause; jittask pg-cron status shows the last run",
            )
    ((count,),) = session.run(statements.doctor.unserved_database_functions())
    if count and not jobs:
        yield Finding(
            "warning",
            f"{counted(count, 'task')} with functions of the database, and nobody runs them",
            "Start a worker, or run: jittask pg-cron install",
        )
