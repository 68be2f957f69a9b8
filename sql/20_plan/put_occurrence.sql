-- Puts one planned occurrence of a task into the due queue. One of an older plan at the same
-- instant is taken over; one that was claimed stays what it is and false is returned.
-- Callers hold the queue rows of the same task and key, if there are any.
create or replace function jittask.put_occurrence(
  p_task jittask.task,
  p_plan_no int,
  p_source_key text,
  p_nominal_at timestamptz,
  p_due_at timestamptz
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into jittask.due_queue as q (
    task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
  )
  values (
    p_task.task_id, p_plan_no, p_task.priority, p_nominal_at, p_due_at, p_due_at,
    p_task.queue, p_source_key
  )
  on conflict (task_id, source_key, due_at) where task_id is not null do update
    set plan_no = excluded.plan_no,
        nominal_at = excluded.nominal_at,
        priority = excluded.priority,
        queue = excluded.queue,
        run_at = excluded.run_at
    where q.first_claimed_at is null;
  return found;
end;
$$;
