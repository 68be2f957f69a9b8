"""How the installation stands."""

from __future__ import annotations

from .call import Call


def installation() -> Call:
    """How the installation stands.

    Returns:
        One row: tasks, paused tasks, waiting, overdue, executing, seconds the longest overdue has waited,
        entries of replan, broken watches, broken tasks, paused queues, workers heard of within a minute.
    """
    return Call(
        """
        select
          (select count(*) from jittask.task),
          (select count(*) from jittask.task t where t.paused_at is not null),
          w.waiting,
          w.overdue,
          (select count(*) from jittask.execution_record r where r.status = 'executing'),
          w.longest,
          (select count(*) from jittask.replan),
          (select count(*) from jittask.watch b where b.broken is not null),
          (select count(*) from jittask.plan b where b.broken is not null),
          (select count(*) from jittask.paused_queue),
          (select count(*) from jittask.worker k where k.seen_at > clock_timestamp() - interval '1 minute')
        from (
          select
            count(*),
            count(*) filter (where q.run_at < jittask.now() - g.grace),
            cast(extract(epoch from max(jittask.now() - q.run_at) filter (
              where q.run_at < jittask.now() - g.grace
            )) as int)
          from jittask.waiting q
          left join jittask.task t on t.task_id = q.task_id
          cross join lateral (select coalesce(t.misfire_grace, interval '60 seconds')) g (grace)
          where q.queue not in (select p.queue from jittask.paused_queue p)
        ) w (waiting, overdue, longest)
        """
    )


def outcomes(since_hours: int) -> Call:
    """How runs of the last hours ended: outcome, count."""
    return Call(
        """
        select r.status, count(*)
        from jittask.execution_record r
        where r.due_at > jittask.now() - make_interval(hours => cast(%(hours)s as int))
          and r.finished_at is not null
        group by r.status
        order by r.status
        """,
        {"hours": since_hours},
    )


def workers() -> Call:
    """Workers: name, host, pid, version, queues (JSON text), started_at, seconds since heard of."""
    return Call(
        """
        select
          w.name, w.host, w.pid, w.version, cast(to_json(w.queues) as text), w.started_at,
          cast(extract(epoch from clock_timestamp() - w.seen_at) as int)
        from jittask.worker w
        order by w.started_at
        """
    )
