-- Plans a scheduled task anew from p_now, as it stands: see plan_rule. Caller: replan_task, setting_changed.
create or replace function jittask.plan_scheduled(
  p_task_id bigint,
  p_now timestamptz
)
returns void
language sql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jittask.plan_rule(t, p, false, p_now)
  from jittask.task t
  join jittask.plan p on p.task_id = t.task_id
  where t.task_id = p_task_id;
$$;
