-- The series goes on: notes p_row as dealt with (p_counts: as put to work) and plans the occurrence
-- after it. Locks: series row; the queue row of p_row is held. Callers: judge, judge_late, cancel.
create or replace function jittask.plan_next(
  p_row jittask.due_queue,
  p_task jittask.task,
  p_plan jittask.plan,
  p_counts bool
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_series jittask.series;
  v_next record;
begin
  update jittask.series s
  set runs = s.runs + p_counts::int,
      cursor_at = greatest(s.cursor_at, p_row.due_at)
  where s.task_id = p_row.task_id and s.source_key = p_row.source_key
  returning s.* into v_series;
  if not found or p_task.repeat = 'none' or v_series.runs >= p_task.max_runs then
    return;
  end if;
  select o.nominal_at, o.due_at into v_next
  from jittask.occurrence_after(
    jittask.task_rule(p_task, p_plan, v_series.anchor_at, v_series.end_at), v_series.cursor_at
  ) o;
  if v_next.due_at is not null then
    perform jittask.put_occurrence(
      p_task, p_plan.plan_no, p_row.source_key, v_next.nominal_at, v_next.due_at
    );
  end if;
end;
$$;
