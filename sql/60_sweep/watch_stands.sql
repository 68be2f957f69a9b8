-- Whether all our triggers stand on a source table and call its function.
create or replace function jittask.watch_stands(
  p_watch jittask.watch,
  p_table regclass
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select count(*) = 4
  from pg_trigger g
  join pg_proc p on p.oid = g.tgfoid
  where g.tgrelid = p_table
    and g.tgname in ('jittask_watch_insert', 'jittask_watch_update', 'jittask_watch_delete', 'jittask_watch_truncate')
    and p.proname = (p_watch).function_name
    and p.pronamespace = 'jittask'::regnamespace;
$$;
