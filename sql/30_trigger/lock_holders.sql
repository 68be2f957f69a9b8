-- Who keeps our triggers from being made on a table, or taken off: text for an error. Those who write to it or
-- a partition of it; where nobody does, those who read it, who are in the way of taking triggers off.
create or replace function jittask.lock_holders(
  p_source_table text
)
returns text
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  with holder as (
    select l.pid, bool_or(l.mode not in ('AccessShareLock', 'RowShareLock')) as writes
    from pg_locks l
    where l.relation in (select t.oid from jittask.partition_tree(jittask.named_table(p_source_table)) t (oid))
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.granted
      and l.pid <> pg_backend_pid()
    group by l.pid
  )
  select coalesce(
    string_agg(
      format(
        '%s by pid %s (%s, role %s), in transaction since %s',
        case when h.writes then 'Held' else 'Read' end, h.pid,
        coalesce(nullif(a.application_name, ''), 'no application name'), coalesce(a.usename, 'unknown'), a.xact_start
      ),
      '; ' order by a.xact_start
    ),
    'The holder has ended meanwhile'
  )
  from holder h
  left join pg_stat_activity a on a.pid = h.pid
  where h.writes or not exists (select from holder o where o.writes);
$$;
