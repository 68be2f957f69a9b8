-- Part of a generated trigger function: what is done on insert, update, delete and truncate. p_careful:
-- the rows are read as they stand now, what is in the queue is looked for, and no identity in the way is
-- an error.
create or replace function jittask.watch_events_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_repeating bigint[],
  p_careful bool
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
  if tg_op operator(pg_catalog.=) 'INSERT' then
    %s
  elsif tg_op operator(pg_catalog.=) 'UPDATE' then
    %s
  elsif tg_op operator(pg_catalog.=) 'DELETE' then
    %s
    return null;
  else
    %s
    return null;
  end if;
    $sql$,
    jittask.watch_insert_sql(p_watch, p_single, p_repeating, p_careful),
    jittask.watch_update_sql(p_watch, p_single, p_repeating, p_careful),
    jittask.watch_delete_sql(p_watch, p_single, p_repeating, jittask.watch_gone_sql(p_watch, p_careful, false)),
    jittask.watch_truncate_sql(p_watch, p_single || p_repeating)
  );
$$;
