-- What the misfire policy makes of an occurrence that is late at its claim, at p_now: the one that runs, itself
-- or a newer one, and how many were missed up to it; or, where skipped says why none runs, the newest one that
-- is passed over, and how many those are. p_cursor_at: of its series; null without one. Reads only.
-- Callers: judge_late, which does it, and rehearsed_occurrences, which tells it.
create or replace function jittask.late_occurrence(
  p_task jittask.task,
  p_rule jittask.rule,
  p_nominal_at timestamptz,
  p_due_at timestamptz,
  p_cursor_at timestamptz,
  p_now timestamptz,
  out nominal_at timestamptz,
  out due_at timestamptz,
  out missed int,
  out skipped text
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_passed_at timestamptz := greatest(p_due_at, p_cursor_at);
  v_floor_at timestamptz := case when p_task.misfire = 'all' then p_now - p_task.catchup_window end;
  v_to record;
begin
  nominal_at := p_nominal_at;
  due_at := p_due_at;
  missed := 0;
  -- A row written when its due time is past did not miss it, nor what came until it was written.
  if p_task.past_due = 'run_now' and (p_task.repeat = 'none' or v_passed_at > p_due_at) then
    return;
  end if;
  if p_task.repeat <> 'none' then
    -- With skip, what is not late yet still runs: the series goes on behind the newest late one.
    select o.nominal_at, o.due_at into v_to
    from jittask.latest_occurrence(
      p_rule,
      case p_task.misfire when 'skip' then p_now - p_task.misfire_grace - interval '1 microsecond' else p_now end
    ) o;
    if v_to.due_at > v_passed_at is not true then
      v_to.due_at := p_due_at;
    end if;
    if p_task.misfire = 'all' and v_to.due_at >= v_floor_at then
      select o.nominal_at, o.due_at into v_to
      from jittask.nth_newest_occurrence(p_rule, v_passed_at, p_now, p_task.misfire_cap) o;
      if coalesce(v_to.due_at, p_due_at) < v_floor_at then
        select o.nominal_at, o.due_at into v_to
        from jittask.occurrence_after(p_rule, greatest(v_passed_at, v_floor_at - interval '1 microsecond')) o;
      end if;
    end if;
    if v_to.due_at > v_passed_at then
      nominal_at := v_to.nominal_at;
      due_at := v_to.due_at;
      missed := jittask.count_occurrences(p_rule, v_passed_at, due_at);
    end if;
  end if;
  if p_task.misfire = 'skip' or due_at < v_floor_at then
    missed := missed + 1;
    skipped := format(
      'missed: %s by more than %s', case p_task.repeat when 'none' then 'it was late' else 'late' end,
      case p_task.misfire when 'skip' then 'misfire_grace' else 'catchup_window' end
    );
  end if;
end;
$$;
