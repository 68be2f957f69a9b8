"""What a change does to the plan: noted before it, compared after it, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .call import Call


def begin() -> Call:
    """Makes the table of this transaction in which `note` keeps what is planned, unless it is there."""
    return Call(
        """
        create temporary table if not exists jittask_before (
          task_id bigint, task_name text, source_key text, due_at timestamptz
        )
        on commit drop
        """
    )


def note(task_name: str | None, calendar: str | None) -> Call:
    """Notes what is planned for a task, or for the tasks of a calendar, before a change."""
    return Call(
        """
        insert into pg_temp.jittask_before (task_id, task_name, source_key, due_at)
        select w.task_id, t.name, coalesce(w.source_key::text, ''), w.due_at
        from jittask.waiting w
        join jittask.task t on t.task_id = w.task_id
        where t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text)
        """,
        {"task_name": task_name, "calendar": calendar},
    )


def difference(task_name: str | None, calendar: str | None) -> Call:
    """What has changed since `note`; one row: added, moved, cancelled, whether more is still planned."""
    return Call(
        """
        with after as (
          select w.task_id, coalesce(w.source_key::text, '') as source_key, w.due_at
          from jittask.waiting w
          join jittask.task t on t.task_id = w.task_id
          where t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text)
        )
        select count(*) filter (where b.due_at is null),
          count(*) filter (where b.due_at <> a.due_at),
          count(*) filter (where a.due_at is null),
          exists (
            select from jittask.replan r
            join jittask.task t on t.task_id = r.task_id
            where (t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text))
              and r.writers is distinct from '{}'
          )
        from pg_temp.jittask_before b
        full join after a on a.task_id = b.task_id and a.source_key = b.source_key
        """,
        {"task_name": task_name, "calendar": calendar},
    )


def differences(task_names: Sequence[str], calendars: Sequence[str]) -> Call:
    """What has changed since `note`, task by task.

    Args:
        task_names: tasks that were noted, or are new.
        calendars: calendars whose tasks were noted.

    Returns:
        A row each, also for tasks that were noted and are gone: name, added, moved, cancelled, whether more
        is still planned.
    """
    return Call(
        """
        with changed (task_id, name) as (
          select t.task_id, t.name
          from jittask.task t
          where t.name in (select json_array_elements_text(cast(cast(%(task_names)s as text) as json)))
            or t.calendar in (select json_array_elements_text(cast(cast(%(calendars)s as text) as json)))
          union
          select b.task_id, b.task_name from pg_temp.jittask_before b
        ),
        after as (
          select w.task_id, coalesce(w.source_key::text, '') as source_key, w.due_at
          from jittask.waiting w
          join changed c on c.task_id = w.task_id
        ),
        counted as (
          select coalesce(b.task_id, a.task_id) as task_id,
            count(*) filter (where b.due_at is null) as added,
            count(*) filter (where b.due_at <> a.due_at) as moved,
            count(*) filter (where a.due_at is null) as cancelled
          from pg_temp.jittask_before b
          full join after a on a.task_id = b.task_id and a.source_key = b.source_key
          group by coalesce(b.task_id, a.task_id)
        )
        select c.name, coalesce(n.added, 0), coalesce(n.moved, 0), coalesce(n.cancelled, 0),
          exists (
            select from jittask.replan r
            where r.task_id = c.task_id and r.writers is distinct from '{}'
          )
        from changed c
        left join counted n on n.task_id = c.task_id
        order by c.name
        """,
        {"task_names": json.dumps(list(task_names)), "calendars": json.dumps(list(calendars))},
    )
