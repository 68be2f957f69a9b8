-- Who holds a lock on a table that keeps writers' triggers from being made: text for an error.
create or replace function jittask.lock_holders(
  p_source_table text
)
returns text
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    string_agg(
      format(
        'Held by pid %s (%s, role %s), in transaction since %s',
        l.pid, coalesce(nullif(a.application_name, ''), 'no application name'),
        coalesce(a.usename, 'unknown'), a.xact_start
      ),
      '; ' order by a.xact_start
    ),
    'The holder has ended meanwhile'
  )
  from pg_locks l
  left join pg_stat_activity a on a.pid = l.pid
  where l.relation = to_regclass(p_source_table)
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and l.granted
    and l.pid <> pg_backend_pid()
    and l.mode not in ('AccessShareLock', 'RowShareLock');
$$;
