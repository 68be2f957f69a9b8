-- The canonical text of a key that a user gave for a row of a date-field task.
create or replace function jittask.task_key(
  p_task jittask.task,
  p_source_key jsonb
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch jittask.watch;
begin
  select w.* into v_watch from jittask.watch w where w.source_table = p_task.source_table;
  return jittask.canonical_key(v_watch.table_oid::regclass, v_watch.key_columns, p_source_key);
end;
$$;
