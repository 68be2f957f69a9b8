-- Plans a scheduled task anew from p_now: whatever was planned goes, the next occurrence comes.
-- Locks: the waiting queue row, then the series row, as a claim does. Caller: the task's trigger,
-- replan.
create or replace function jittask.plan_scheduled(
  p_task_id bigint,
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task;
  v_plan jittask.plan;
  v_series jittask.series;
  v_rule jittask.rule;
  v_next record;
begin
  select t.* into v_task from jittask.task t where t.task_id = p_task_id;
  select p.* into v_plan from jittask.plan p where p.task_id = p_task_id;
  perform jittask.drop_planned(p_task_id, '');
  if v_task.task_id is null or v_task.paused_at is not null or v_plan.broken is not null then
    return;
  end if;
  v_rule := jittask.task_rule(v_task, v_plan, null, null);
  select s.* into v_series
  from jittask.series s
  where s.task_id = p_task_id and s.source_key = ''
  for update;
  v_series.cursor_at := jittask.first_cursor(v_task, v_rule, v_series.cursor_at, p_now);
  insert into jittask.series as s (task_id, source_key, anchor_at, cursor_at)
  values (p_task_id, '', v_rule.anchor_at, v_series.cursor_at)
  on conflict (task_id, source_key) do update
    set anchor_at = excluded.anchor_at,
        cursor_at = excluded.cursor_at;
  if coalesce(v_series.runs, 0) >= v_task.max_runs then
    return;
  end if;
  select o.nominal_at, o.due_at into v_next
  from jittask.occurrence_after(v_rule, v_series.cursor_at) o;
  if v_next.due_at is not null then
    perform jittask.put_occurrence(v_task, v_plan.plan_no, '', v_next.nominal_at, v_next.due_at);
    perform jittask.wake_workers(v_next.due_at);
  end if;
end;
$$;
