-- Source rows of a task for which the due queue does not hold what is wanted. planned_at null: missing;
-- wanted_at null: extra; both: wrong. Reads only.
create or replace function jittask.plan_difference(
  p_task jittask.task
)
returns table (source_key text, planned_at timestamptz, wanted_at timestamptz)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with wanted as materialized (
    select w.source_key, w.due_at from jittask.wanted_of(p_task) w
  ), planned as materialized (
    select q.source_key, q.due_at
    from jittask.due_queue q
    join jittask.plan p on p.task_id = q.task_id and p.plan_no = q.plan_no
    where q.task_id = (p_task).task_id and q.first_claimed_at is null
  )
  select coalesce(w.source_key, p.source_key), p.due_at, w.due_at
  from wanted w
  full join planned p on p.source_key = w.source_key
  where w.due_at is distinct from p.due_at;
$$;
