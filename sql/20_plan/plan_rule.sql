-- Plans the rule of a scheduled task anew from p_now: whatever was planned goes, the next occurrence comes.
-- p_is_new: nothing can be there, and is not looked for.
-- Locks: the waiting queue row, then the series row, as a claim does. Caller: the task's trigger,
-- plan_scheduled.
create or replace function jittask.plan_rule(
  p_task jittask.task,
  p_plan jittask.plan,
  p_is_new bool,
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_series jittask.series;
  v_rule jittask.rule;
  v_next record;
begin
  if not p_is_new then
    perform jittask.drop_planned(p_task.task_id, '');
  end if;
  if p_task.paused_at is not null or p_plan.broken is not null then
    return;
  end if;
  v_rule := jittask.task_rule(p_task, p_plan, null, null);
  if not p_is_new then
    select s.* into v_series
    from jittask.series s
    where s.task_id = p_task.task_id and s.source_key = ''
    for update;
  end if;
  v_series.cursor_at := jittask.first_cursor(p_task, v_rule, v_series.cursor_at, p_now);
  insert into jittask.series as s (task_id, source_key, anchor_at, cursor_at)
  values (p_task.task_id, '', v_rule.anchor_at, v_series.cursor_at)
  on conflict (task_id, source_key) do update
    set anchor_at = excluded.anchor_at,
        cursor_at = excluded.cursor_at;
  if coalesce(v_series.runs, 0) >= p_task.max_runs then
    return;
  end if;
  select o.nominal_at, o.due_at into v_next
  from jittask.occurrence_after(v_rule, v_series.cursor_at) o;
  if v_next.due_at is not null then
    perform jittask.put_occurrence(p_task, p_plan.plan_no, '', v_next.nominal_at, v_next.due_at);
    if v_next.due_at < p_now + interval '1 minute' then
      perform jittask.wake_workers(v_next.due_at);
    end if;
  end if;
end;
$$;
