"""Reads source rows again, with the worker's own rights, just before their functions run."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, cast
from zoneinfo import ZoneInfo

import psycopg
from psycopg.adapt import Transformer
from psycopg.rows import tuple_row

from .. import statements
from ..database import Connection
from ..redact import redact
from .batch import Ended, Job, given_back
from .clock import Clock
from .connect import is_lost
from .encode import error_text, storable
from .recipe import UNKNOWN_DELAY, Recipe
from .rows import Row, Unreadable, key_of

__all__ = ["reread"]

logger = logging.getLogger(__name__)

_UTC = ZoneInfo("UTC")
# Column jittask_n, column jittask_verdict, then the row.
_OWN_COLUMNS = 2
_RIGHTS = "42501"
_GONE_STATES = {"42P01", "42703", "3F000", "42883"}


def reread(
    connection: Connection, jobs: Sequence[Job], clock: Clock, told: set[str]
) -> tuple[list[Job], list[Ended]]:
    """Read the rows of occurrences of one task.

    Args:
        connection: in autocommit mode, of the worker's role.
        jobs: occurrences with the same recipe.
        clock: for the records of those that do not run.
        told: what was logged already, so that each lack of a right is told once.

    Returns:
        Jobs with their rows, in order; and the ends of those that do not run (skipped, unreadable, given
        back: also where row-level security may hide a row).

    Raises:
        psycopg.Error: the connection is lost.
    """
    recipe = jobs[0].recipe
    statement = recipe.detail.reread
    assert statement is not None
    parameters = ([job.row[5] for job in jobs], [job.row[6] for job in jobs])
    read = time.monotonic()
    try:
        with psycopg.RawCursor(connection, row_factory=tuple_row) as cursor:
            # The text comes from the plan, compiled by the database from checked definitions.
            cursor.execute(cast("LiteralString", statement), parameters)
            ready, ended, seen = _rows(cursor, jobs, clock, read)
    except psycopg.Error as error:
        if is_lost(error, connection):
            raise
        if len(jobs) > 1 and error.sqlstate != _RIGHTS and error.sqlstate not in _GONE_STATES:
            # One row may be to blame, and must not take the others along.
            return _one_by_one(connection, jobs, clock, told)
        return [], _refused(connection, error, recipe, jobs, clock, told)
    gone = [job for n, job in enumerate(jobs) if n not in seen]
    table = recipe.detail.source_table or ""
    if gone and statements.workers.rows_are_filtered(connection, table):
        reason = (
            f"row-level security may hide rows of {table}; "
            f'let a superuser run: alter role "{connection.info.user}" bypassrls'
        )
        return ready, ended + _given_back(gone, recipe, reason, told)
    return ready, ended + [_ended(job, clock, "skipped", "the row is gone") for job in gone]


def _rows(
    cursor: psycopg.Cursor[tuple[Any, ...]], jobs: Sequence[Job], clock: Clock, read: float
) -> tuple[list[Job], list[Ended], set[int]]:
    ready: list[tuple[int, Job]] = []
    ended: list[Ended] = []
    seen: set[int] = set()
    names = [column.name for column in cursor.description or ()][_OWN_COLUMNS:]
    zone = cursor.connection.info.parameter_status("TimeZone")
    for position in range(cursor.rowcount):
        try:
            values = cursor.fetchone()
        except Exception:
            values = _one_value_at_a_time(cursor, position)
            if position + 1 < cursor.rowcount:
                cursor.scroll(position + 1, mode="absolute")
        assert values is not None
        n = int(values[0]) - 1
        if n in seen:
            continue
        seen.add(n)
        job = jobs[n]
        if values[1] is not None:
            ended.append(_ended(job, clock, "skipped", values[1]))
            continue
        row_values = values[_OWN_COLUMNS:]
        if zone != "UTC":
            row_values = tuple(_in_utc(value) for value in row_values)
        row = Row(names, row_values, key_of(job.row[5]) or {})
        ready.append((n, job._replace(source_row=row, read=read)))
    ready.sort(key=_position)
    return [job for _, job in ready], ended, seen


def _position(numbered: tuple[int, Job]) -> int:
    return numbered[0]


def _one_value_at_a_time(cursor: psycopg.Cursor[Any], position: int) -> tuple[Any, ...]:
    """A row of which something cannot be read: whoever needs that column is told, the others go on."""
    result = cursor.pgresult
    assert result is not None
    transformer = Transformer(cursor.connection)
    values: list[Any] = []
    for number in range(result.nfields):
        held = result.get_value(position, number)
        if held is None:
            values.append(None)
            continue
        loader = transformer.get_loader(result.ftype(number), psycopg.pq.Format(result.fformat(number)))
        try:
            values.append(loader.load(held))
        except Exception as error:
            values.append(Unreadable(held.decode("utf-8", "replace"), error_text(error)))
    return tuple(values)


def _one_by_one(
    connection: Connection, jobs: Sequence[Job], clock: Clock, told: set[str]
) -> tuple[list[Job], list[Ended]]:
    ready: list[Job] = []
    ended: list[Ended] = []
    for job in jobs:
        more_ready, more_ended = reread(connection, [job], clock, told)
        ready += more_ready
        ended += more_ended
    return ready, ended


def _refused(
    connection: Connection,
    error: psycopg.Error,
    recipe: Recipe,
    jobs: Sequence[Job],
    clock: Clock,
    told: set[str],
) -> list[Ended]:
    fact = error.diag.message_primary or str(error)
    table = recipe.detail.source_table
    if error.sqlstate == _RIGHTS:
        role = connection.info.user
        schema = (table or "").rpartition(".")[0]
        grant = (
            f'grant usage on schema {schema} to "{role}"'
            if "schema" in fact
            else f'grant select on {table} to "{role}"'
        )
        reason = f"{fact}; let the owner run: {grant}"
    elif error.sqlstate in _GONE_STATES:
        reason = f"the rows of {table} cannot be read: {fact}"
    else:
        text = storable(f"The row cannot be read: {fact}")
        return [_ended(job, clock, "error", text) for job in jobs]
    return _given_back(jobs, recipe, reason, told)


def _given_back(jobs: Sequence[Job], recipe: Recipe, reason: str, told: set[str]) -> list[Ended]:
    if reason not in told:
        told.add(reason)
        logger.warning('task "%s": %s', recipe.detail.task_name, redact(reason))
    return [given_back(job, UNKNOWN_DELAY, reason) for job in jobs]


def _ended(job: Job, clock: Clock, outcome: str, error: str) -> Ended:
    now = clock.now_us()
    started = now if outcome == "error" else None
    return Ended(job.batch, job.row[0], started, now, outcome, None, error)


def _in_utc(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    try:
        return value.astimezone(_UTC)
    except OverflowError as error:
        return Unreadable(value.isoformat(" "), error_text(error))
