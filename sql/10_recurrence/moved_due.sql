-- First due strictly after p_after that one nominal day has on its target day (null = dropped). p_wall:
-- the day's first nominal time; p_lower: lower bound of nominal; p_floor: wall_floor of p_after.
-- Nulls when the day has none. Caller: moved_after.
create or replace function jittask.moved_due(
  p_rule jittask.rule,
  p_wall timestamp,
  p_target date,
  p_after timestamptz,
  p_lower timestamptz,
  p_floor timestamp,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_day date := p_wall;
  v_wall timestamp := p_wall;
  -- Rules whose instants do not follow from the wall-clock time by to_instant.
  v_instants bool := p_rule.repeat = 'interval' or coalesce(p_rule.cron[1] & 1 = 1, false);
begin
  if p_target = v_day and v_instants then
    nominal_at := jittask.nominal_after(p_rule, greatest(
      p_after, p_lower - interval '1 microsecond',
      jittask.to_instant(v_day, v_zone) - interval '1 microsecond'
    ));
    if (nominal_at at time zone v_zone)::date <= v_day then
      due_at := nominal_at;
    end if;

  elsif p_target >= p_floor::date then
    if p_target = p_floor::date then
      v_wall := jittask.nominal_wall(p_rule, greatest(v_wall, v_day + p_floor::time));
    end if;
    nominal_at := jittask.to_instant(v_wall, v_zone);
    if v_instants and nominal_at at time zone v_zone <> v_wall then
      -- A time that a gap has swallowed is none of a wildcard expression's.
      v_wall := jittask.nominal_wall(p_rule, nominal_at at time zone v_zone);
      nominal_at := jittask.to_instant(v_wall, v_zone);
    end if;
    if p_rule.repeat = 'interval' then
      -- Elapsed time may lead into the second pass.
      nominal_at := jittask.nominal_after(p_rule, nominal_at - interval '1 microsecond');
    elsif nominal_at < p_lower then
      -- A wildcard expression that begins between the passes: AT TIME ZONE alone gives the second.
      nominal_at := v_wall at time zone v_zone;
    end if;
    if v_wall::date = v_day then
      due_at := jittask.to_instant(p_target + v_wall::time, v_zone);
    end if;
  end if;
end;
$$;
