-- The rule of a task for one source row (or for the task itself), from its series.
create or replace function jittask.row_rule(
  p_task jittask.task,
  p_plan jittask.plan,
  p_source_key text
)
returns jittask.rule
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jittask.task_rule(p_task, p_plan, s.anchor_at, s.end_at)
  from (values (1)) one (no)
  left join jittask.series s on s.task_id = (p_task).task_id and s.source_key = p_source_key;
$$;
