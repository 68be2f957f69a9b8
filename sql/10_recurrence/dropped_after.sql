-- What occurrence_after promises, for hourly and interval rules that drop free days: they keep their
-- elapsed time and never move. A run of free days is passed in one step.
create or replace function jittask.dropped_after(
  p_rule jittask.rule,
  p_after timestamptz,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
as $$
declare
  v_free text := case p_rule.skip_holidays when 'holidays' then 'h' else '0h' end;
  v_after timestamptz := greatest(
    p_after, date_trunc('second', p_rule.earliest_at) - interval '1 microsecond'
  );
  v_at timestamptz;
  v_day date;
  v_from date;
  v_map text;
  v_days int;
begin
  -- A rule whose every instant falls on a free day ends here, not at the end of time.
  for v_runs in 1..1000 loop
    v_at := jittask.nominal_after(p_rule, v_after);
    exit when v_at is null or v_at > p_rule.end_at;
    v_day := v_at at time zone p_rule.timezone;
    if v_from is null or v_day >= v_from + length(v_map) then
      v_from := v_day;
      v_map := jittask.workday_map(p_rule.calendar, v_from, 60);
    end if;
    v_days := length(v_map) - (v_day - v_from) - length(ltrim(substr(v_map, v_day - v_from + 1), v_free));
    if v_days = 0 then
      nominal_at := v_at;
      due_at := v_at;
      return;
    end if;
    v_after := jittask.to_instant(v_day + v_days, p_rule.timezone) - interval '1 microsecond';
  end loop;
end;
$$;
