-- Resumes a paused task: it is planned from now on, as if nothing had been due meanwhile.
create or replace function jittask.resume(
  task_name text
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task := jittask.task_named(resume.task_name);
begin
  update jittask.task t
  set paused_at = null
  where t.task_id = v_task.task_id and t.paused_at is not null;
end;
$$;
