"""pg_cron: where it is, and its jobs."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from .call import Call


def extension() -> Call:
    """pg_cron as this database and its role see it.

    Returns:
        One row: this database, the role, whether that is a superuser, version of the extension here (null =
        it is not here), whether its files are on the server, the database that it is in, how many jobs it
        runs at a time and whether by background workers (null = the role may not know), whether the role may
        use schema cron, whether it may call ``cron.schedule_in_database``.
    """
    return Call(
        """
        select
          current_database(),
          current_user,
          (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user),
          (select e.extversion from pg_catalog.pg_extension e where e.extname = 'pg_cron'),
          exists (select from pg_catalog.pg_available_extensions a where a.name = 'pg_cron'),
          (select s.setting from pg_catalog.pg_settings s where s.name = 'cron.database_name'),
          (
            select cast(s.setting as int)
            from pg_catalog.pg_settings s
            where s.name = 'cron.max_running_jobs'
          ),
          (
            select cast(s.setting as bool)
            from pg_catalog.pg_settings s
            where s.name = 'cron.use_background_workers'
          ),
          coalesce(has_schema_privilege(to_regnamespace('cron'), 'usage'), false),
          coalesce(
            (
              select has_function_privilege(p.oid, 'execute')
              from pg_catalog.pg_proc p
              where p.pronamespace = to_regnamespace('cron') and p.proname = 'schedule_in_database'
            ),
            false
          )
        """
    )


def role(name: str | None) -> Call:
    """A role that is to run functions here; None = the one that asks.

    Returns:
        One row: its name, whether it is a superuser, may log in, may call our procedures; the
        statement_timeout of its sessions (null = none is known). No row: there is no such role.
    """
    return Call(
        """
        select
          r.rolname,
          r.rolsuper,
          r.rolcanlogin,
          has_schema_privilege(r.oid, 'jittask', 'usage')
            and has_function_privilege(
              r.oid, 'jittask.run_database_functions(interval, bool, text[])', 'execute'
            ),
          nullif(
            coalesce(
              (
                select split_part(c.setting, '=', 2)
                from pg_catalog.pg_db_role_setting s
                cross join unnest(s.setconfig) c (setting)
                where s.setrole in (0, r.oid)
                  and s.setdatabase in (0, (
                    select d.oid from pg_catalog.pg_database d where d.datname = current_database()
                  ))
                  and starts_with(c.setting, 'statement_timeout=')
                order by s.setrole desc, s.setdatabase desc
                limit 1
              ),
              (
                select s.setting
                from pg_catalog.pg_settings s
                where s.name = 'statement_timeout' and s.source = 'configuration file'
              )
            ),
            '0'
          )
        from pg_catalog.pg_roles r
        where r.rolname = coalesce(cast(%(name)s as text), current_user)
        """,
        {"name": name},
    )


def jobs(prefix: str) -> Call:
    """Jobs whose names begin so: id, name, schedule, command, role, whether active; status, message and begin
    of the last run that ended. For the database that has the extension."""
    return Call(
        """
        select
          j.jobid, j.jobname, j.schedule, j.command, j.username, j.active, d.status, d.return_message,
          d.start_time
        from cron.job j
        left join lateral (
          select r.status, r.return_message, r.start_time
          from cron.job_run_details r
          where r.jobid = j.jobid and r.status in ('succeeded', 'failed')
          order by r.runid desc
          limit 1
        ) d on true
        where starts_with(j.jobname, %(prefix)s)
        order by j.jobname
        """,
        {"prefix": prefix},
    )


def schedule(name: str, schedule: str, command: str) -> Call:
    """Makes or changes a job of the calling role, in the database that has the extension."""
    return Call(
        "select cron.schedule(%(name)s, %(schedule)s, %(command)s)",
        {"name": name, "schedule": schedule, "command": command},
    )


def schedule_in(name: str, schedule: str, command: str, database: str, role: str | None) -> Call:
    """Makes or changes a job, in any database and of any role; None = the calling one."""
    return Call(
        "select cron.schedule_in_database(%(name)s, %(schedule)s, %(command)s, %(database)s, %(role)s)",
        {"name": name, "schedule": schedule, "command": command, "database": database, "role": role},
    )


def unschedule(job_id: int) -> Call:
    """Takes a job away."""
    return Call("select cron.unschedule(cast(%(job_id)s as bigint))", {"job_id": job_id})


def run_command(queues: Sequence[str]) -> str:
    """Command of a job that runs functions of the database; no queues = all."""
    if not queues:
        return "call jittask.run_database_functions()"
    literals = sql.SQL(", ").join(sql.Literal(queue) for queue in queues)
    return sql.SQL("call jittask.run_database_functions(queues => array[{}])").format(literals).as_string()


def sweep_command() -> str:
    """Command of the job that sweeps, and stops runs."""
    return "call jittask.keep_sweeping()"


def prune_command(database: str) -> str:
    """Command of the job that deletes, after a day, what pg_cron notes of the other jobs' runs."""
    return (
        sql.SQL(
            "delete from cron.job_run_details where database = {} and command like 'call jittask.%' "
            "and coalesce(end_time, start_time, '-infinity') < now() - interval '1 day'"
        )
        .format(sql.Literal(database))
        .as_string()
    )
