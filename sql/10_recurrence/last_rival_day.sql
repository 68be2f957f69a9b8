-- The last nominal day that could still have a due before one on p_target: later days are moved to
-- later targets. Backward moves reach p_target from all free days that follow it.
create or replace function jittask.last_rival_day(
  p_rule jittask.rule,
  p_target date
)
returns date
language plpgsql
stable
as $$
begin
  if p_rule.holiday_policy = 'previous_workday' then
    return coalesce(
      jittask.workday_of(p_rule.calendar, p_target + 1, 'nonworking', 'next_workday') - 1,
      p_target + 400
    );
  end if;
  return p_target;
end;
$$;
