-- What should be planned for a task, computed afresh from the task and its table: the columns of the
-- view waiting, and always the same rows, up to those listed in replan. What was put to work already
-- (a retry that waits, a run_now) is not planning's and is taken as it stands; so is run_at.
-- An occurrence that went overdue while nobody claimed it stays wanted.
create or replace function jittask.recompute(
  task_name text
)
returns table (
  occurrence_id bigint,
  task_id bigint,
  source_key jsonb,
  nominal_at timestamptz,
  due_at timestamptz,
  run_at timestamptz,
  queue text,
  priority int,
  attempt int
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
#variable_conflict use_column
declare
  v_task jittask.task := jittask.task_named(recompute.task_name);
begin
  return query
  select q.occurrence_id, v_task.task_id, nullif(w.source_key, '')::jsonb, w.nominal_at, w.due_at,
    coalesce(q.run_at, w.due_at), v_task.queue, v_task.priority, 0
  from jittask.wanted_of(v_task) w
  left join jittask.due_queue q
    on q.task_id = v_task.task_id and q.source_key = w.source_key and q.due_at = w.due_at
  union all
  select q.occurrence_id, q.task_id, nullif(q.source_key, '')::jsonb, q.nominal_at, q.due_at, q.run_at,
    q.queue, q.priority, q.attempt
  from jittask.due_queue q
  where q.task_id = v_task.task_id
    and q.lease_id is null
    and (q.first_claimed_at is not null or q.plan_no is null);
end;
$$;
