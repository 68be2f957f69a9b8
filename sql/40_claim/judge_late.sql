-- Applies the misfire policy to an occurrence that is late at its first claim. Returns the row that
-- runs, perhaps moved to another due, or null when nothing of it runs. The number of occurrences
-- that it stands for, or that were dropped, goes into "missed". Caller: judge, which holds the row.
create or replace function jittask.judge_late(
  p_row jittask.due_queue,
  p_task jittask.task,
  p_plan jittask.plan,
  p_now timestamptz
)
returns jittask.due_queue
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_series jittask.series;
  v_late record;
begin
  select s.* into v_series
  from jittask.series s
  where s.task_id = p_row.task_id and s.source_key = p_row.source_key;
  select l.* into v_late
  from jittask.late_occurrence(
    p_task, jittask.task_rule(p_task, p_plan, v_series.anchor_at, v_series.end_at), p_row.nominal_at, p_row.due_at,
    v_series.cursor_at, p_now
  ) l;
  if v_late.skipped is not null then
    if p_task.repeat <> 'none' then
      p_row.due_at := v_late.due_at;
      perform jittask.plan_next(p_row, p_task, p_plan, false);
    end if;
    perform jittask.end_waiting(p_row.occurrence_id, 'skipped', v_late.skipped, v_late.missed, p_now);
    return null;
  elsif v_late.due_at > p_row.due_at then
    update jittask.due_queue q
    set nominal_at = v_late.nominal_at,
        due_at = v_late.due_at,
        run_at = v_late.due_at,
        missed = q.missed + v_late.missed
    where q.occurrence_id = p_row.occurrence_id
    returning q.* into p_row;
  end if;
  return p_row;
end;
$$;
