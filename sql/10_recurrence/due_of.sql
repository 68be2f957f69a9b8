-- The holiday move of one nominal instant of a rule: when it is due; null = dropped. Neither merges
-- nor bounds. A rule with wall-clock times moves the time that it names, even where a gap in the
-- clock has made the nominal instant a later one.
create or replace function jittask.due_of(
  p_rule jittask.rule,
  p_nominal timestamptz
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_wall timestamp := p_nominal at time zone p_rule.timezone;
  v_named timestamp := v_wall;
  v_target date;
begin
  if p_rule.skip_holidays = 'none' then
    return p_nominal;
  end if;

  -- Looks for a time that the gap before p_nominal, if there is one, has swallowed.
  if p_nominal <> p_rule.anchor_at
    and (p_rule.repeat in ('daily', 'weekly', 'monthly', 'yearly')
         or p_rule.repeat = 'cron' and p_rule.cron[1] & 1 = 0)
    and (p_nominal - interval '1 microsecond') at time zone p_rule.timezone
        < v_wall - interval '1 microsecond'
  then
    v_named := jittask.nominal_wall(
      p_rule, (p_nominal - interval '1 microsecond') at time zone p_rule.timezone
    );
    if v_named > v_wall then
      v_named := v_wall;
    end if;
  end if;

  v_target := jittask.workday_of(
    p_rule.calendar, v_named::date, p_rule.skip_holidays,
    case when p_rule.repeat = 'hourly' or p_rule.period < interval '24:00' then 'drop'
         else p_rule.holiday_policy end
  );
  return case when v_target = v_named::date then p_nominal
              else jittask.to_instant(v_target + v_named::time, p_rule.timezone) end;
end;
$$;
