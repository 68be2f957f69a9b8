"""What is planned, what will be, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString

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


_REHEARSED: LiteralString = """
          from_at => cast(cast(%(from_at)s as text) as timestamptz),
          to_at => cast(cast(%(to_at)s as text) as timestamptz),
          task_names => (
            select array_agg(n.name)
            from json_array_elements_text(cast(cast(%(task_names)s as text) as json)) n (name)
          ),
          queue => cast(%(queue)s as text),
          workers_stopped_until => cast(cast(%(workers_stopped_until)s as text) as timestamptz)"""


def rehearse(about: Mapping[str, object], count: int) -> Call:
    """What would run, in order.

    Args:
        about: from_at (None = whatever waits), to_at, workers_stopped_until (None = workers run now), as
            instants in text; task_names (JSON text of an array; None = all, and one-offs); queue (None =
            all).
        count: rows at most.

    Returns:
        Rows: task_name, kind, source_key (JSON text), nominal_at, due_at, run_at, why it is due when it is
        (null = the rule says all), missed, why it would not run (null = it runs).
    """
    template: LiteralString = """
        select r.task_name, r.kind, cast(r.source_key as text), r.nominal_at, r.due_at, r.run_at,
          case when r.kind <> 'one_off' then jittask.why_due(r.task_name, r.nominal_at, r.due_at) end,
          r.missed, r.skipped
        from jittask.rehearse({about}, count => cast(%(count)s as int)) r
    """
    return Call(template.format(about=_REHEARSED), {**about, "count": count})


def rehearse_tasks(about: Mapping[str, object]) -> Call:
    """As `rehearse`, counted by task: task_name, kind, runs, skipped, missed, first_at, last_at, note."""
    template: LiteralString = """
        select r.task_name, r.kind, r.runs, r.skipped, r.missed, r.first_at, r.last_at, r.note
        from jittask.rehearse_tasks({about}) r
    """
    return Call(template.format(about=_REHEARSED), about)


def still_image() -> Call:
    """First in a transaction: its statements see the database at one moment, and can change nothing."""
    return Call("set transaction isolation level repeatable read, read only")


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
