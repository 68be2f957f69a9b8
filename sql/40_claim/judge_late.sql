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
  v_passed_at timestamptz;
begin
  if p_task.misfire = 'all' then
    v_floor_at := p_now - p_task.catchup_window;
  end if;
  if p_task.repeat = 'none' then
    -- A row written when its due time is past did not miss it.
    if p_task.past_due <> 'run_now' and (p_task.misfire = 'skip' or p_row.due_at < v_floor_at) then
      perform jittask.end_waiting(
        p_row.occurrence_id, 'skipped',
        format(
          'missed: it was late by more than %s',
          case p_task.misfire when 'skip' then 'misfire_grace' else 'catchup_window' end
        ),
        1, p_now
      );
      return null;
    end if;
    return p_row;
  end if;
  v_rule := jittask.row_rule(p_task, p_plan, p_row.source_key);
  select greatest(p_row.due_at, s.cursor_at) into v_passed_at
  from jittask.series s
  where s.task_id = p_row.task_id and s.source_key = p_row.source_key;
  if v_passed_at > p_row.due_at and p_task.past_due = 'run_now' then
    -- The first due of a row that was written when it was past: what came until then was not missed.
    return p_row;
  end if;
  -- With skip, what is not late yet still runs: the series goes on behind the newest late one.
  select o.nominal_at, o.due_at into v_to
  from jittask.latest_occurrence(
    v_rule,
    case p_task.misfire when 'skip' then p_now - p_task.misfire_grace - interval '1 microsecond' else p_now end
  ) o;
  if v_to.due_at > v_passed_at is not true then
    v_to.nominal_at := p_row.nominal_at;
    v_to.due_at := p_row.due_at;
  end if;
  if p_task.misfire = 'skip' or v_to.due_at < v_floor_at then
    v_late := 1 + jittask.count_occurrences(v_rule, v_passed_at, v_to.due_at);
    p_row.due_at := v_to.due_at;
    perform jittask.plan_next(p_row, p_task, p_plan, false);
    perform jittask.end_waiting(
      p_row.occurrence_id, 'skipped',
      format(
        'missed: late by more than %s',
        case p_task.misfire when 'skip' then 'misfire_grace' else 'catchup_window' end
      ),
      v_late::int, p_now
    );
    return null;
  elsif p_task.misfire = 'all' then
    select o.nominal_at, o.due_at into v_to
    from jittask.nth_newest_occurrence(v_rule, v_passed_at, p_now, p_task.misfire_cap) o;
    if coalesce(v_to.due_at, p_row.due_at) < v_floor_at then
      select o.nominal_at, o.due_at into v_to
      from jittask.occurrence_after(v_rule, greatest(v_passed_at, v_floor_at - interval '1 microsecond')) o;
    end if;
  end if;
  if v_to.due_at > p_row.due_at then
    update jittask.due_queue q
    set nominal_at = v_to.nominal_at,
        due_at = v_to.due_at,
        run_at = v_to.due_at,
        missed = q.missed + jittask.count_occurrences(v_rule, v_passed_at, v_to.due_at)::int
    where q.occurrence_id = p_row.occurrence_id
    returning q.* into p_row;
  end if;
  return p_row;
end;
$$;
