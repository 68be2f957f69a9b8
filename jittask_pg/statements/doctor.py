"""What may be wrong with an installation, and with the server it is in."""

from __future__ import annotations

from .call import Call


def broken_watches() -> Call:
    """Tables whose watch is broken: table, reason, since when."""
    return Call(
        """
        select w.source_table, w.broken, w.broken_at
        from jittask.watch w
        where w.broken is not null
        order by w.source_table
        """
    )


def detached_tables() -> Call:
    """Tables whose triggers are off on purpose, with the number of active tasks that watch them."""
    return Call(
        """
        select w.source_table, count(*)
        from jittask.watch w
        join jittask.task t on t.source_table = w.source_table and t.paused_at is null
        where w.detached_at is not null
        group by w.source_table
        order by w.source_table
        """,
        {},
    )


def broken_tasks() -> Call:
    """Tasks that cannot be planned although their table is watched: task, reason, since when."""
    return Call(
        """
        select t.name, p.broken, p.broken_at
        from jittask.plan p
        join jittask.task t on t.task_id = p.task_id
        left join jittask.watch w on w.source_table = t.source_table
        where p.broken is not null and w.broken is null
        order by t.name
        """
    )


def backlog() -> Call:
    """What waits to be planned anew: number of entries, seconds the oldest waits, number of backfills.

    Without those that wait for writers of yours to end: no sweep could do anything about them yet.
    """
    return Call(
        """
        select
          count(*),
          cast(extract(epoch from clock_timestamp() - min(r.noted_at)) as int),
          (select count(*) from jittask.backfill)
        from jittask.replan r
        where coalesce(r.writers, '{}') = '{}'
        """
    )


def given_back() -> Call:
    """Why occurrences were given back in the last hour: reason, count, of which tasks."""
    return Call(
        """
        select
          a.error, count(*), string_agg(distinct coalesce(r.task_name, 'one-off'), ', ')
        from jittask.run_attempt a
        left join jittask.execution_record r on r.occurrence_id = a.occurrence_id
        where a.outcome = 'released'
          and a.error is not null
          and a.finished_at > clock_timestamp() - interval '1 hour'
        group by a.error
        order by count(*) desc
        limit 10
        """
    )


def unserved_queues() -> Call:
    """Queues with due occurrences that no live worker serves: queue, count.

    Sessions of the database serve functions of the database only.
    """
    return Call(
        """
        select q.queue, count(*)
        from jittask.waiting q
        left join jittask.plan p on p.task_id = q.task_id
        left join jittask.due_queue d on d.occurrence_id = q.occurrence_id and q.task_id is null
        where q.run_at <= jittask.now()
          and not exists (
            select from jittask.worker w
            where w.seen_at > clock_timestamp() - interval '1 minute'
              and (w.queues is null or q.queue = any (w.queues))
              and (not w.in_database or coalesce(p.handler, d.handler) like 'sql:%%')
          )
          and q.queue not in (select p.queue from jittask.paused_queue p)
        group by q.queue
        order by q.queue
        """
    )


def unserved_database_functions() -> Call:
    """Number of active tasks whose functions are in the database, where no worker lives; one row."""
    return Call(
        """
        select count(*)
        from jittask.task t
        where t.handler like 'sql:%%'
          and t.paused_at is null
          and not exists (
            select from jittask.worker w where w.seen_at > clock_timestamp() - interval '1 minute'
          )
        """
    )


def stale_calendars() -> Call:
    """Calendars in use whose marked days run out: calendar, last marked day (null = none), whether synced.

    Synced ones end within the next 60 days, others had marked days and have none ahead.
    """
    return Call(
        """
        select c.name, max(d.day), c.country is not null
        from jittask.calendar c
        left join jittask.calendar_day d on d.calendar = c.name
        where exists (
          select from jittask.task t
          where t.calendar = c.name and t.skip_holidays <> 'none' and t.paused_at is null
        )
        group by c.name, c.country
        having case
          when c.country is null then max(d.day) < cast(jittask.now() as date)
          else coalesce(extract(year from max(d.day)), 0)
            < extract(year from jittask.now() + interval '60 days')
        end
        order by c.name
        """
    )


def server() -> Call:
    """One row: server_version_num, max_prepared_transactions, setting notify, group roles that are
    missing or have no rights here (text or null), seconds the oldest transaction of this database has been
    open, its application."""
    return Call(
        """
        select
          cast(current_setting('server_version_num') as int),
          cast(current_setting('max_prepared_transactions') as int),
          (select s.value from jittask.setting s where s.name = 'notify'),
          (
            select string_agg(r.name, ', ')
            from unnest(array['jittask_admin', 'jittask_worker', 'jittask_client', 'jittask_viewer']) r (name)
            where not exists (
              select from pg_catalog.pg_roles p
              where p.rolname = r.name and has_schema_privilege(p.oid, 'jittask', 'usage')
            )
          ),
          o.age,
          o.application_name
        from (select) one
        left join lateral (
          select cast(extract(epoch from clock_timestamp() - a.xact_start) as int), a.application_name
          from pg_catalog.pg_stat_activity a
          where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start is not null
          order by a.xact_start
          limit 1
        ) o (age, application_name) on true
        """
    )
