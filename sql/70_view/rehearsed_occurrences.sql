-- What becomes of a waiting occurrence, and of those that follow it, if workers run from p_start_at on and
-- every run ends at once: those due at p_from_at or later whose claim comes before p_to_at, at most p_count
-- (null = all). run_at: when it is claimed; skipped: why it does not run; runs: the count of max_runs after it.
-- Misfire, cursor and count go on as in judge and plan_next. Callers: rehearse, rehearsed_total.
create or replace function jittask.rehearsed_occurrences(
  p_row jittask.due_queue,
  p_task jittask.task,
  p_plan jittask.plan,
  p_from_at timestamptz,
  p_to_at timestamptz,
  p_start_at timestamptz,
  p_count int
)
returns table (nominal_at timestamptz, due_at timestamptz, run_at timestamptz, missed int, skipped text, runs bigint)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_series jittask.series;
  v_rule jittask.rule;
  v_late record;
  v_planned bool := p_row.plan_no is not null and p_row.first_claimed_at is null;
  v_waits_until timestamptz := p_row.run_at;
  v_passed_at timestamptz;
  v_left int := p_count;
begin
  select s.* into v_series
  from jittask.series s
  where s.task_id = p_row.task_id and s.source_key = p_row.source_key;
  v_rule := jittask.task_rule(p_task, p_plan, v_series.anchor_at, v_series.end_at);
  nominal_at := p_row.nominal_at;
  due_at := p_row.due_at;
  run_at := greatest(p_row.run_at, p_start_at);
  missed := p_row.missed;
  runs := v_series.runs;
  while run_at < p_to_at loop
    skipped := null;
    v_passed_at := due_at;
    if v_planned and v_waits_until < run_at - p_task.misfire_grace then
      select l.* into v_late
      from jittask.late_occurrence(p_task, v_rule, nominal_at, due_at, v_series.cursor_at, run_at) l;
      v_passed_at := v_late.due_at;
      missed := missed + v_late.missed;
      skipped := v_late.skipped;
      if skipped is null then
        nominal_at := v_late.nominal_at;
        due_at := v_late.due_at;
      end if;
    end if;
    runs := runs + (skipped is null)::int;
    if due_at >= p_from_at then
      return next;
      v_left := v_left - 1;
    end if;
    exit when not v_planned or p_task.repeat = 'none' or runs >= p_task.max_runs or v_left = 0;
    v_series.cursor_at := greatest(v_series.cursor_at, v_passed_at);
    if v_series.cursor_at >= p_start_at and v_series.cursor_at < p_from_at then
      -- What is on time and due before p_from_at need not be walked.
      if p_task.max_runs is not null then
        runs := runs + jittask.count_occurrences(v_rule, v_series.cursor_at, p_from_at - interval '1 microsecond');
        exit when runs >= p_task.max_runs;
      end if;
      v_series.cursor_at := p_from_at - interval '1 microsecond';
    end if;
    select o.nominal_at, o.due_at into nominal_at, due_at
    from jittask.occurrence_after(v_rule, v_series.cursor_at) o;
    exit when due_at is null;
    v_waits_until := due_at;
    run_at := greatest(run_at, due_at);
    missed := 0;
  end loop;
end;
$$;
