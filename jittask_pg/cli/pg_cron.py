"""pg_cron as a worker within the database: its jobs are made, shown and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click
import psycopg

from .. import migration, statements
from ..errors import translated
from ..statements.call import Call
from .cron_checks import check_extension, check_rights, checked_role, version_of
from .cron_database import CronDatabase, cron_database
from .output import answer, answer_rows
from .session import Session, with_session

__all__ = ["pg_cron"]

_COUNTS_SECONDS = (1, 5)

_database_option = click.option(
    "--database-of-cron",
    metavar="NAME",
    help="The database that has the extension; default: this one, or what the server says.",
)


class _Job(NamedTuple):
    name: str
    schedule: str
    command: str
    database: str
    role: str


@click.group("pg-cron")
def pg_cron() -> None:
    """pg_cron as a worker: it runs functions of the database (handlers sql:…) and sweeps."""


@pg_cron.command()
@click.option("--role", metavar="ROLE", help="Whose rights functions have; default: the role that connects.")
@click.option("--superuser", is_flag=True, help="Let functions have the rights of a superuser.")
@click.option(
    "--sessions", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Runs at a time."
)
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Only this queue; may be repeated.")
@_database_option
@click.option("--dry-run", is_flag=True, help="Print the SQL instead of executing it.")
@with_session
def install(
    session: Session,
    role: str | None,
    superuser: bool,
    sessions: int,
    queues: tuple[str, ...],
    database_of_cron: str | None,
    dry_run: bool,
) -> None:
    """Have pg_cron run functions of the database and sweep. Running it again changes what differs.

    Whoever may enqueue may name any function, and it runs with the rights of the role: give it a role of its
    own, a member of jittask_worker with EXECUTE on what it is to call.

    \b
    Examples:
      jittask pg-cron install --role shop_worker
      jittask pg-cron install --role shop_worker --database-of-cron postgres --dry-run
    """
    role = checked_role(session, role, allow_superuser=superuser)
    with cron_database(session, database_of_cron) as cron:
        check_extension(cron, sessions)
        check_rights(cron, role)
        jobs = _wanted(cron, role, sessions, queues)
        calls = [*(_scheduling(cron, job) for job in jobs), *_unscheduling(cron, jobs)]
        if dry_run:
            client = psycopg.ClientCursor(cron.connection)
            texts = [client.mogrify(call.sql, call.parameters) for call in calls]
            answer(session.as_json, {"sql": texts}, "\n".join(f"{text};" for text in texts))
            return
        with translated(), cron.connection.transaction():
            for call in calls:
                cron.run(call)
    answer(
        session.as_json,
        {"jobs": [job._asdict() for job in jobs], "database_of_cron": cron.extension.database},
        "\n".join(f"Scheduled {job.name} as {job.role}, {job.schedule}: {job.command}" for job in jobs),
    )


@pg_cron.command()
@_database_option
@with_session
def remove(session: Session, database_of_cron: str | None) -> None:
    """Take our jobs away from pg_cron. What runs now ends within a minute.

    \b
    Example:
      jittask pg-cron remove
    """
    with cron_database(session, database_of_cron) as cron, translated():
        removed = migration.unschedule(cron.connection, cron.served)
    sentences = [f"Removed {name}" for name in removed]
    answer(session.as_json, {"removed": removed}, "\n".join(sentences) or _nothing(cron))


@pg_cron.command()
@_database_option
@with_session
def status(session: Session, database_of_cron: str | None) -> None:
    """Show our jobs, and how their last run ended.

    \b
    Example:
      jittask pg-cron status
    """
    with cron_database(session, database_of_cron) as cron:
        rows = cron.jobs()
    answer_rows(
        session.as_json,
        rows,
        {
            "name": "job",
            "schedule": "schedule",
            "role": "role",
            "active": "active",
            "status": "last run",
            "message": "message",
        },
        _nothing(cron),
    )


def _wanted(cron: CronDatabase, role: str, sessions: int, queues: Sequence[str]) -> list[_Job]:
    run = statements.pg_cron.run_command(queues)
    sweep = statements.pg_cron.sweep_command()
    prune = statements.pg_cron.prune_command(cron.served)
    # A call lasts a minute, and the next begins right after it. After one that died it begins with the next
    # minute; where pg_cron counts seconds, sooner.
    counts_seconds = version_of(cron.extension.version or "") >= _COUNTS_SECONDS
    schedule = "5 seconds" if counts_seconds else "* * * * *"
    runs = [f"{cron.prefix}run {number}" for number in range(1, sessions + 1)]
    return [
        *(_Job(name, schedule, run, cron.served, role) for name in runs),
        _Job(f"{cron.prefix}sweep", schedule, sweep, cron.served, role),
        _Job(f"{cron.prefix}prune", "17 3 * * *", prune, cron.extension.database, cron.extension.role),
    ]


def _scheduling(cron: CronDatabase, job: _Job) -> Call:
    role = None if job.role == cron.extension.role else job.role
    if role is None and job.database == cron.extension.database:
        return statements.pg_cron.schedule(job.name, job.schedule, job.command)
    return statements.pg_cron.schedule_in(job.name, job.schedule, job.command, job.database, role)


def _unscheduling(cron: CronDatabase, wanted: Sequence[_Job]) -> list[Call]:
    """What takes jobs of ours away that an earlier call made and this one does not."""
    kept = {(job.name, job.role) for job in wanted}
    return [
        statements.pg_cron.unschedule(job["job_id"])
        for job in cron.jobs()
        if (job["name"], job["role"]) not in kept
    ]


def _nothing(cron: CronDatabase) -> str:
    return f'Role "{cron.extension.role}" sees no jobs of ours in database "{cron.extension.database}"'
