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
  v_rule jittask.rule;
  v_to record;
  v_floor_at timestamptz;
  v_late bigint;
begin
  if p_task.repeat = 'none' then
    if p_task.misfire = 'skip' and p_task.past_due <> 'run_now'
       or p_task.misfire = 'all' and p_row.due_at < p_now - p_task.catchup_window then
      perform jittask.end_waiting(
        p_row.occurrence_id, 'skipped', 'missed: it was late by more than misfire_grace', 1, p_now
      );
      return null;
    end if;
    return p_row;
  end if;
  v_rule := jittask.row_rule(p_task, p_plan, p_row.source_key);
  if p_task.misfire = 'skip' then
    -- What is not late yet still runs: the series goes on behind the newest late one.
    select o.nominal_at, o.due_at into v_to
    from jittask.latest_occurrence(v_rule, p_now - p_task.misfire_grace - interval '1 microsecond') o;
    v_late := 1 + jittask.count_occurrences(v_rule, p_row.due_at, coalesce(v_to.due_at, p_row.due_at));
    p_row.due_at := greatest(p_row.due_at, v_to.due_at);
    perform jittask.plan_next(p_row, p_task, p_plan, false);
    perform jittask.end_waiting(
      p_row.occurrence_id, 'skipped', 'missed: late by more than misfire_grace', v_late::int, p_now
    );
    return null;
  elsif p_task.misfire = 'latest' then
    select o.nominal_at, o.due_at into v_to from jittask.latest_occurrence(v_rule, p_now) o;
  else
    select o.nominal_at, o.due_at into v_to
    from jittask.nth_newest_occurrence(v_rule, p_row.due_at, p_now, p_task.misfire_cap) o;
    v_floor_at := p_now - p_task.catchup_window;
    if coalesce(v_to.due_at, p_row.due_at) < v_floor_at then
      select o.nominal_at, o.due_at into v_to
      from jittask.occurrence_after(v_rule, v_floor_at - interval '1 microsecond') o;
      -- The newest one always runs, however old.
      if v_to.due_at is null or v_to.due_at > p_now then
        select o.nominal_at, o.due_at into v_to from jittask.latest_occurrence(v_rule, p_now) o;
      end if;
    end if;
  end if;
  if v_to.due_at > p_row.due_at then
    update jittask.due_queue q
    set nominal_at = v_to.nominal_at,
        due_at = v_to.due_at,
        run_at = v_to.due_at,
        missed = q.missed + jittask.count_occurrences(v_rule, p_row.due_at, v_to.due_at)::int
    where q.occurrence_id = p_row.occurrence_id
    returning q.* into p_row;
  end if;
  return p_row;
end;
$$;
