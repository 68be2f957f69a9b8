-- The task of that name, or an error that says how to find the right one.
create or replace function jittask.task_named(
  p_name text
)
returns jittask.task
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task;
begin
  if p_name is null then
    raise exception 'task_name is null'
      using errcode = 'JT001', hint = 'Name a task: select name from jittask.task';
  end if;
  select t.* into v_task from jittask.task t where t.name = p_name;
  if not found then
    raise exception 'There is no task "%"', p_name
      using errcode = 'JT002', hint = 'List them: select name from jittask.task';
  end if;
  return v_task;
end;
$$;
