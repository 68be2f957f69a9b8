"""What a worker says of itself, and asks for besides its runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..database import Connection


def register(
    connection: Connection, name: str, host: str, pid: int, version: str, queues: Sequence[str] | None
) -> int:
    """Makes a worker known; its id."""
    row = connection.execute(
        "select jittask.register_worker(%s::text, %s::text, %s::int, %s::text, %s::text[])",
        (name, host, pid, version, None if queues is None else list(queues)),
    ).fetchone()
    assert row is not None
    return row[0]


def unregister(connection: Connection, worker_id: int) -> None:
    """A worker says good-bye."""
    connection.execute("select jittask.unregister_worker(%s::bigint)", (worker_id,))


def settings(connection: Connection) -> tuple[float, float]:
    """The settings poll_interval and lease_duration, in seconds."""
    rows: dict[str, float] = dict(
        connection.execute(
            """
            select s.name, extract(epoch from s.value::interval)::float8
            from jittask.setting s
            where s.name in ('poll_interval', 'lease_duration')
            """
        ).fetchall()
    )
    return rows.get("poll_interval", 1.0), rows.get("lease_duration", 30.0)


def doze(connection: Connection, worker_id: int, queues: Sequence[str] | None) -> int | None:
    """Marks the worker as sleeping; when something runs next, in microseconds, None = nothing is planned."""
    row = connection.execute(
        "select jittask.doze(%s::bigint, %s::text[])", (worker_id, None if queues is None else list(queues))
    ).fetchone()
    assert row is not None
    return row[0]


def sweep(connection: Connection) -> dict[str, Any]:
    """Maintenance; what was done, ``{"busy": true}`` where another is at it."""
    row = connection.execute("select jittask.sweep()").fetchone()
    assert row is not None
    return row[0]


def rows_are_filtered(connection: Connection, source_table: str) -> bool:
    """Whether row-level security filters what the role reads of a table."""
    row = connection.execute(
        "select pg_catalog.row_security_active(pg_catalog.to_regclass(%s::text))", (source_table,)
    ).fetchone()
    return row is not None and bool(row[0])


def replan_waits(connection: Connection) -> bool:
    """Whether something waits to be planned anew, so that a sweep is worth while."""
    row = connection.execute(
        "select exists (select from jittask.replan) or exists (select from jittask.backfill)"
    ).fetchone()
    return row is not None and bool(row[0])
