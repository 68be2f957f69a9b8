"""What a change does to the plan: noted before it, compared after it, in one transaction."""

from __future__ import annotations

from .call import Call


def begin() -> Call:
    """Makes the table of this transaction in which `note` keeps what is planned."""
    return Call(
        """
        create temporary table jittask_before (task_id bigint, source_key text, due_at timestamptz)
        on commit drop
        """
    )


def note(task_name: str | None, calendar: str | None) -> Call:
    """Notes what is planned for a task, or for the tasks of a calendar, before a change."""
    return Call(
        """
        insert into pg_temp.jittask_before (task_id, source_key, due_at)
        select w.task_id, coalesce(w.source_key::text, ''), w.due_at
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
