"""What must hold before pg_cron can run our jobs; each refusal names the way out."""

from __future__ import annotations

import re

from .. import statements
from ..errors import InvalidValueError, NotFoundError, RightsError, StateError
from .cron_database import CronDatabase
from .session import Session

__all__ = ["check_extension", "check_rights", "checked_role", "version_of"]

_LEAST = (1, 4)
_RUNS_SIDE_BY_SIDE = (1, 5)


def checked_role(session: Session, name: str | None, *, allow_superuser: bool) -> str:
    """The role as which the jobs are to run.

    Args:
        session: of the database in which they run.
        name: of the role; None = the one that asks.
        allow_superuser: whether it may be one.

    Raises:
        NotFoundError: there is no such role.
        RightsError: it is no worker, may not log in, or may do everything.
        StateError: its statements are ended after a time.
    """
    found = session.run(statements.pg_cron.role(name))
    if not found:
        raise NotFoundError(f'There is no role "{name}"', None, f'Create it: create role "{name}" login')
    role, is_superuser, may_log_in, may_run, timeout = found[0]
    if is_superuser and not allow_superuser:
        raise RightsError(
            f'Role "{role}" is a superuser',
            "Whoever may enqueue could have any function run with its rights",
            "Name another with --role, or add --superuser where everybody may do everything",
        )
    if not may_log_in:
        raise RightsError(f'Role "{role}" may not log in', None, f'Run: alter role "{role}" login')
    if not may_run:
        raise RightsError(f'Role "{role}" is no worker', None, f'Run: grant jittask_worker to "{role}"')
    if timeout is not None:
        database = session.connection.info.dbname
        raise StateError(
            f'Statements of role "{role}" are ended by statement_timeout, {timeout}',
            "A job of pg_cron is one statement; what it runs at that moment would be stopped",
            f'Run: alter role "{role}" in database "{database}" set statement_timeout = 0',
        )
    return str(role)


def check_extension(cron: CronDatabase, sessions: int) -> None:
    """Refuse where pg_cron is missing, too old, or has no room.

    Raises:
        StateError: it is missing, too old, or runs one job after the other.
        InvalidValueError: so many sessions would leave no room for other jobs.
    """
    found = cron.extension
    if not found.available:
        raise StateError(
            "pg_cron is not installed on this server",
            None,
            "Install it (Debian: postgresql-15-cron), add it to shared_preload_libraries, restart the server",
        )
    if found.version is None:
        raise StateError(
            f'Database "{found.database}" does not have the extension pg_cron',
            "It can be in one database of the server, the one that cron.database_name names",
            "Run there: create extension pg_cron; where that is another one, add --database-of-cron NAME. "
            "If it is refused, add pg_cron to shared_preload_libraries and restart the server",
        )
    if version_of(found.version) < _LEAST:
        raise StateError(
            f"pg_cron is {found.version}", "1.4 or later is needed", "Run: alter extension pg_cron update"
        )
    if found.background and version_of(found.version) < _RUNS_SIDE_BY_SIDE:
        raise StateError(
            f"pg_cron {found.version} with cron.use_background_workers begins no job while another runs",
            "Those of ours run all the time, so that others would hardly ever begin",
            "Set cron.use_background_workers = off, or use pg_cron 1.5 or later",
        )
    if found.most_jobs is not None and sessions + 1 >= found.most_jobs:
        raise InvalidValueError(
            f"sessions is {sessions}, and one more sweeps",
            f"pg_cron runs {found.most_jobs} jobs at a time, and others need room too",
            "Raise cron.max_running_jobs, or give fewer --sessions",
        )


def check_rights(cron: CronDatabase, role: str) -> None:
    """Refuse where pg_cron would not let us schedule jobs of `role`.

    Raises:
        RightsError: a right is missing.
    """
    found = cron.extension
    ask = f'Let a superuser run in database "{found.database}":'
    if not found.usable:
        raise RightsError(
            f'Role "{found.role}" may not use pg_cron',
            None,
            f'{ask} grant usage on schema cron to "{found.role}"',
        )
    if role != found.role and not found.superuser:
        raise RightsError(
            f'Role "{found.role}" may not schedule jobs of role "{role}"',
            "pg_cron lets superusers alone do that",
            f'Connect as a superuser, or as "{role}"',
        )
    if found.database != cron.served and not found.schedules_elsewhere:
        raise RightsError(
            f'Role "{found.role}" may not schedule jobs in database "{cron.served}"',
            None,
            f'{ask} grant execute on function cron.schedule_in_database to "{found.role}"',
        )


def version_of(text: str) -> tuple[int, ...]:
    """Major and minor number of a version of pg_cron, 1.4-1."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
