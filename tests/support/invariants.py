"""What must hold whatever was written: the due queue is what planning afresh would give."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

_DIFFERENCES = """
    select t.name as task, d.*
    from jittask.task t
    cross join lateral (
      select 'planned, not wanted' as what, e.*
      from (
        select w.source_key, w.nominal_at, w.due_at, w.run_at, w.queue, w.priority, w.attempt
        from jittask.waiting w
        where w.task_id = t.task_id
        except all
        select r.source_key, r.nominal_at, r.due_at, r.run_at, r.queue, r.priority, r.attempt
        from jittask.recompute(t.name) r
      ) e
      union all
      select 'wanted, not planned', e.*
      from (
        select r.source_key, r.nominal_at, r.due_at, r.run_at, r.queue, r.priority, r.attempt
        from jittask.recompute(t.name) r
        except all
        select w.source_key, w.nominal_at, w.due_at, w.run_at, w.queue, w.priority, w.attempt
        from jittask.waiting w
        where w.task_id = t.task_id
      ) e
    ) d
    where not exists (
      select from jittask.replan n
      where (n.task_id = t.task_id or n.source_table = t.source_table)
        and coalesce(n.source_key, d.source_key::text) = d.source_key::text
    )
    order by 1, 2, 3
"""

_PLANNED_TWICE = """
    select q.task_id, q.source_key, count(*) as planned
    from jittask.due_queue q
    join jittask.plan p on p.task_id = q.task_id and p.plan_no = q.plan_no
    where q.first_claimed_at is null
    group by q.task_id, q.source_key
    having count(*) > 1
"""

_WITHOUT_A_TASK = """
    select q.occurrence_id, q.task_id
    from jittask.due_queue q
    where q.task_id is not null
      and q.plan_no is not null
      and q.first_claimed_at is null
      and not exists (select from jittask.task t where t.task_id = q.task_id)
"""


def differences(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Rows by which ``waiting`` and ``recompute`` differ over all tasks, up to those listed in ``replan``.

    An empty list is the promise kept. Two further faults that the views would hide are looked for too:
    a source row planned twice by one task, and planned rows whose task is gone.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        found: list[dict[str, Any]] = []
        # The planner takes each of these functions for a thousand rows, and compiles for seconds.
        cursor.execute("set jit = off")
        for query in (_DIFFERENCES, _PLANNED_TWICE, _WITHOUT_A_TASK):
            found += cursor.execute(query).fetchall()
    return found
