-- Plans the series of one source row of a repeating date-field task. p_nominal_at: the first due
-- that the row gives now, null when the row is gone, does not match or has no usable date. p_now: the
-- instant as of which it is judged what is past; what was put to work since then is not planned again.
-- p_edited: the task or its calendar was changed, not the row: the count goes on, and what is planned
-- is looked at anew. Returns the instant that was planned, null where nothing was or nothing changed.
-- Locks: source row (held by the caller), waiting queue row, series row. A claim holds its queue row
-- while it plans the next one, so waiting for that row first makes its result visible here.
create or replace function jittask.plan_series(
  p_task jittask.task,
  p_plan jittask.plan,
  p_source_key text,
  p_nominal_at timestamptz,
  p_end_at timestamptz,
  p_now timestamptz,
  p_edited bool
)
returns timestamptz
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_anchor_at timestamptz :=
    date_trunc('second', p_nominal_at at time zone 'UTC') at time zone 'UTC';
  v_series jittask.series;
  v_rule jittask.rule;
  v_waiting_at timestamptz;
  v_moved bool;
  v_next record;
begin
  perform from jittask.due_queue q
  where q.task_id = p_task.task_id
    and q.source_key = p_source_key
    and q.first_claimed_at is null
  for update;
  if v_anchor_at is null then
    perform jittask.drop_planned(p_task.task_id, p_source_key);
    return null;
  end if;
  select s.* into v_series
  from jittask.series s
  where s.task_id = p_task.task_id and s.source_key = p_source_key
  for update;
  v_moved := v_series.task_id is null or v_series.anchor_at <> v_anchor_at;
  select min(q.due_at) into v_waiting_at
  from jittask.due_queue q
  where q.task_id = p_task.task_id
    and q.source_key = p_source_key
    and q.plan_no = p_plan.plan_no
    and q.first_claimed_at is null;
  if not p_edited and not v_moved and v_waiting_at is not null
     and v_series.end_at is not distinct from p_end_at then
    return null;
  end if;
  v_rule := jittask.task_rule(p_task, p_plan, v_anchor_at, p_end_at);
  if v_moved and not p_edited then
    v_series.runs := 0;
    v_series.cursor_at := null;
  end if;
  if p_edited or v_moved or v_waiting_at is null then
    v_series.cursor_at := jittask.first_cursor(p_task, v_rule, v_series.cursor_at, p_now);
    select o.nominal_at, o.due_at into v_next
    from jittask.occurrence_after(v_rule, v_series.cursor_at) o;
    -- What lies between a first due that is past and now is nobody's: it was not planned and missed.
    v_series.cursor_at := greatest(v_series.cursor_at, p_now - interval '1 microsecond');
  else
    select o.nominal_at, o.due_at into v_next
    from jittask.occurrence_after(
      v_rule, jittask.series_begin(v_rule, v_series.cursor_at, v_waiting_at)
    ) o;
  end if;
  -- A date moved away and back names an instant that may have been put to work already.
  if v_next.due_at <= jittask.now()
     and jittask.was_claimed(p_task.task_id, p_source_key, v_next.due_at) then
    v_series.cursor_at := greatest(v_series.cursor_at, v_next.due_at);
    select o.nominal_at, o.due_at into v_next
    from jittask.occurrence_after(v_rule, v_series.cursor_at) o;
  end if;
  insert into jittask.series as s (task_id, source_key, anchor_at, runs, cursor_at, end_at)
  values (
    p_task.task_id, p_source_key, v_anchor_at, coalesce(v_series.runs, 0), v_series.cursor_at,
    p_end_at
  )
  on conflict (task_id, source_key) do update
    set anchor_at = excluded.anchor_at,
        runs = excluded.runs,
        cursor_at = excluded.cursor_at,
        end_at = excluded.end_at;
  if v_series.runs >= p_task.max_runs then
    v_next.due_at := null;
  end if;
  delete from jittask.due_queue q
  where q.task_id = p_task.task_id
    and q.source_key = p_source_key
    and q.plan_no is not null
    and q.first_claimed_at is null
    and q.due_at is distinct from v_next.due_at;
  if v_next.due_at is not null then
    perform jittask.put_occurrence(
      p_task, p_plan.plan_no, p_source_key, v_next.nominal_at, v_next.due_at
    );
  end if;
  return v_next.due_at;
end;
$$;
