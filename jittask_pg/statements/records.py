"""Execution records: what ran, runs or will run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

from .call import Call

_CONDITIONS: dict[LiteralString, LiteralString] = {
    "occurrence_id": "r.occurrence_id = cast(%(occurrence_id)s as bigint)",
    "task_name": "r.task_name = cast(%(task_name)s as text)",
    "kind": "r.kind = cast(%(kind)s as text)",
    "status": "r.status = any (string_to_array(cast(%(status)s as text), ','))",
    "source_key": "r.source_key = cast(cast(%(source_key)s as text) as jsonb)",
    "since": "r.due_at >= cast(cast(%(since)s as text) as timestamptz)",
    "until": "r.due_at < cast(cast(%(until)s as text) as timestamptz)",
    "before": "(r.due_at, r.occurrence_id) < "
    "(cast(cast(%(before)s as text) as timestamptz), cast(%(before_id)s as bigint))",
    "after": "(r.due_at, r.occurrence_id) > "
    "(cast(cast(%(after)s as text) as timestamptz), cast(%(after_id)s as bigint))",
}


def find(filters: Mapping[str, object], limit: int, *, newest_first: bool) -> Call:
    """Execution records by due time.

    Args:
        filters: values for occurrence_id, task_name, kind, status (comma-separated), source_key (JSON text),
            since (inclusive) and until (exclusive) as instants in text, and the place to go on from: before
            and before_id, or after and after_id. Each that is given, and not None, narrows the answer.
        limit: rows at most.
        newest_first: the latest due first, else the earliest.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    # Only the conditions in force are sent: a plan for all of them could use no index.
    conditions: list[LiteralString] = [text for name, text in _CONDITIONS.items() if name in given]
    template: LiteralString = """
        select
          r.occurrence_id, r.task_id, r.task_name, r.kind, cast(r.source_key as text), r.nominal_at, r.due_at,
          r.status, r.attempt, r.worker, r.started_at, r.finished_at, r.duration, r.missed,
          cast(r.result as text), r.error, cast(r.progress as text)
        from jittask.execution_record r
        where {conditions}
        order by r.due_at {order}, r.occurrence_id {order}
        limit cast(%(limit)s as int)
    """
    return Call(
        template.format(
            conditions=" and ".join(conditions) if conditions else "true",
            order="desc" if newest_first else "asc",
        ),
        {**given, "limit": limit},
    )


def log_of(occurrence_id: int) -> Call:
    """The captured log of an occurrence that ended; one row, where there is a record: text or null."""
    return Call(
        """
        select r.log
        from jittask.execution_record r
        where r.occurrence_id = cast(%(occurrence_id)s as bigint)
        """,
        {"occurrence_id": occurrence_id},
    )


def tries(occurrence_id: int) -> Call:
    """Tries that did not end an occurrence: attempt, outcome, worker, started_at, finished_at, error."""
    return Call(
        """
        select a.attempt, a.outcome, a.worker, a.started_at, a.finished_at, a.error
        from jittask.run_attempt a
        where a.occurrence_id = cast(%(occurrence_id)s as bigint)
        order by a.finished_at, a.attempt
        """,
        {"occurrence_id": occurrence_id},
    )
