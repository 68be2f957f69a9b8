"""What rehearsals in a test database need: a clock moved by hand, and an empty installation."""

from __future__ import annotations

from typing import Any

from ..database import Connection


def set_clock(connection: Connection, instant_us: int | None) -> None:
    """Fixes what ``jittask.now()`` answers in this session; None lets the real clock run again."""
    connection.execute(
        """
        select set_config(
          'jittask.fake_now',
          coalesce(
            to_char(
              (timestamp 'epoch' + %s::bigint * interval '1 microsecond'), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'
            ),
            ''
          ),
          false
        )
        """,
        (instant_us,),
    )


def ended_at(connection: Connection, instant_us: int) -> list[tuple[Any, ...]]:
    """Occurrences that ended at one instant, by due time: occurrence_id, task_name, source_key, nominal_at,
    due_at, started_at, status, result, error, missed, attempt."""
    return connection.execute(
        """
        select r.occurrence_id, r.task_name, r.source_key, r.nominal_at, r.due_at, r.started_at, r.status,
          r.result, r.error, r.missed, r.attempt
        from jittask.execution_record r
        where r.finished_at = timestamptz 'epoch' + %s::bigint * interval '1 microsecond'
        order by r.due_at, r.occurrence_id
        """,
        (instant_us,),
    ).fetchall()


def empty_installation(connection: Connection) -> None:
    """Takes out everything that is defined, planned, claimed and recorded; settings and zones stay."""
    connection.execute("delete from jittask.task")
    connection.execute(
        """
        truncate jittask.due_queue, jittask.lease, jittask.running, jittask.series, jittask.replan,
          jittask.backfill, jittask.called_off, jittask.run_history, jittask.run_attempt, jittask.worker,
          jittask.paused_queue, jittask.calendar_day, jittask.calendar cascade
        """
    )
