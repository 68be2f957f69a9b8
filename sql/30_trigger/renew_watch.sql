-- Generates the trigger function of a source table anew after its triggers changed their kind.
-- Security definer: functions in schema jittask belong to the installing role. Caller: attach_table,
-- which holds the trigger lock of the table.
create or replace function jittask.renew_watch(
  p_source_table text
)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select jittask.build_watch(p_source_table);
$$;
