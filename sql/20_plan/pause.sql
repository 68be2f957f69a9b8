-- Pauses a task: what was planned goes, what runs goes on. Paused tasks miss nothing.
create or replace function jittask.pause(
  task_name text
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task := jittask.task_named(pause.task_name);
begin
  update jittask.task t
  set paused_at = jittask.now()
  where t.task_id = v_task.task_id and t.paused_at is null;
end;
$$;
