"""Every statement that the package sends: the one place that knows the names of ``jittask.*``.

A statement is text with named parameters in psycopg's spelling, ``%(name)s``. What callers inside somebody
else's transaction need is built as a `call.Call`, which any connection can execute (see `connections`);
parameters are numbers, booleans and text only, cast in the statement, so that they mean the same to every
driver.

`leases`, `workers`, `session` and `rehearsal` execute theirs at once, on a worker's own connections in
autocommit mode. Their instants are microseconds since 1970, because datetimes cost more than the statements.
"""

from . import (
    calendars,
    doctor,
    leases,
    occurrences,
    pg_cron,
    plan,
    plan_change,
    queues,
    records,
    rehearsal,
    session,
    settings,
    source_tables,
    status,
    tasks,
    times,
    workers,
)

__all__ = [
    "calendars",
    "doctor",
    "leases",
    "occurrences",
    "pg_cron",
    "plan",
    "plan_change",
    "queues",
    "records",
    "rehearsal",
    "session",
    "settings",
    "source_tables",
    "status",
    "tasks",
    "times",
    "workers",
]
