"""What is planned, what will be, and why."""

from __future__ import annotations

from datetime import datetime

from .call import Call


def preview(task_name: str, count: int, source_key: str | None) -> Call:
    """Coming occurrences of a task: source_key (JSON text), occurrence_no, nominal_at, due_at."""
    return Call(
        """
        select cast(p.source_key as text), p.occurrence_no, p.nominal_at, p.due_at
        from jittask.preview(
          cast(%(task_name)s as text), cast(%(count)s as int), cast(cast(%(source_key)s as text) as jsonb)
        ) p
        """,
        {"task_name": task_name, "count": count, "source_key": source_key},
    )


def explained_preview(task_name: str, count: int, source_key: str | None) -> Call:
    """As `preview`, with a fifth column: why the occurrence is due when it is; null = the rule says all."""
    return Call(
        """
        select cast(p.source_key as text), p.occurrence_no, p.nominal_at, p.due_at,
          jittask.why_due(cast(%(task_name)s as text), p.nominal_at, p.due_at)
        from jittask.preview(
          cast(%(task_name)s as text), cast(%(count)s as int), cast(cast(%(source_key)s as text) as jsonb)
        ) p
        """,
        {"task_name": task_name, "count": count, "source_key": source_key},
    )


def why_last(task_name: str, source_key: str | None, count: int, due_at: datetime | None) -> Call:
    """Why nothing follows the last of `count` occurrences, due at `due_at`; one row: text."""
    return Call(
        """
        select jittask.why_last(
          cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb), cast(%(count)s as int),
          cast(%(due_at)s as timestamptz)
        )
        """,
        {"task_name": task_name, "count": count, "source_key": source_key, "due_at": due_at},
    )


def explain(task_name: str, source_key: str | None) -> Call:
    """When a task fires next and why; one row: text."""
    return Call(
        "select jittask.explain(cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb))",
        {"task_name": task_name, "source_key": source_key},
    )


def planned_for_row(source_table: str, source_key: str) -> Call:
    """What waits in the due queue for one row: occurrence_id, task name, due time (local text).

    Args:
        source_table: the table, as ``jittask.watch`` names it.
        source_key: its key, JSON text.
    """
    return Call(
        """
        select
          w.occurrence_id,
          t.name,
          to_char(
            w.due_at at time zone jittask.clock_of(jittask.installation_timezone()), 'YYYY-MM-DD HH24:MI:SS'
          )
        from jittask.waiting w
        join jittask.task t on t.task_id = w.task_id
        where t.source_table = cast(%(source_table)s as text)
          and w.source_key = cast(cast(%(source_key)s as text) as jsonb)
        order by w.due_at, w.occurrence_id
        """,
        {"source_table": source_table, "source_key": source_key},
    )
