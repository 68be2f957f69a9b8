-- Forgets a source table whose triggers were taken off, and drops its trigger function.
-- Security definer: functions in schema jittask belong to the installing role.
create or replace function jittask.forget_watch(
  p_source_table text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tasks text;
  v_function text;
begin
  select string_agg(format('"%s"', t.name), ', ' order by t.name) into v_tasks
  from jittask.task t
  where t.source_table = p_source_table and t.paused_at is null;
  if v_tasks is not null then
    raise exception 'Tasks watch table "%"', p_source_table
      using errcode = 'JT007', detail = v_tasks, hint = 'Pause or delete them first';
  end if;
  delete from jittask.watch w
  where w.source_table = p_source_table
  returning w.function_name into v_function;
  if v_function is not null then
    execute format('drop function if exists jittask.%I()', v_function);
  end if;
end;
$$;
