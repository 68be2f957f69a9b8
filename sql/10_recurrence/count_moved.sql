-- Number of occurrences of a rule with a calendar with due in (p_after, p_until], merged ones once. On
-- maps of days with a bit each, so that thousands of days cost as much as a few; p_until already minds
-- the end. Cron is counted by count_moved_cron.
create or replace function jittask.count_moved(
  p_rule jittask.rule,
  p_after timestamptz,
  p_until timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_policy text := p_rule.holiday_policy;
  v_plain jittask.rule := p_rule;
  v_anchor timestamptz := date_trunc('second', p_rule.anchor_at);
  v_earliest timestamptz := date_trunc('second', p_rule.earliest_at);
  v_lower timestamptz := greatest(v_anchor, v_earliest);
  v_after timestamptz := greatest(p_after, v_earliest - interval '1 microsecond', v_anchor - interval '9700:00');
  v_local timestamp := v_anchor at time zone v_zone;
  -- The first day of the maps, and their days: all that can move into the bounds.
  v_from date;
  v_days int;
  v_map text;
  v_working varbit;
  v_free varbit;
  v_nominal varbit;
  v_due varbit;
  v_low int;
  v_high int;
  v_anchor_day int;
  v_count bigint := 0;
begin
  if p_until <= v_after then
    return 0;
  elsif p_rule.repeat = 'none' then
    return jittask.count_walked(p_rule, p_after, p_until);
  elsif p_rule.repeat = 'cron' then
    return jittask.count_moved_cron(p_rule, p_after, p_until);
  end if;
  v_from := (v_after at time zone v_zone)::date - 403;
  v_days := (p_until at time zone v_zone)::date + 404 - v_from;
  v_map := jittask.workday_map(p_rule.calendar, v_from, v_days);
  v_working := translate(v_map, 'h', '0')::varbit;
  v_free := case p_rule.skip_holidays when 'holidays' then translate(v_map, '10h', '001')::varbit else ~v_working end;

  if p_rule.repeat in ('hourly', 'interval') then
    v_plain.skip_holidays := 'none';
    v_count := jittask.count_occurrences(v_plain, v_after, p_until) - jittask.elapsed_on_days(
      v_plain, v_from, v_free, greatest(v_after, v_lower - interval '1 microsecond'), p_until
    );
    if v_policy <> 'drop' and p_rule.period >= interval '24:00' then
      v_count := v_count + jittask.moved_elapsed(p_rule, v_from, v_free, v_working, v_after, p_until);
    end if;
    return v_count;
  end if;

  -- Nominal days within the bounds.
  v_nominal := jittask.cycle_day_bits(p_rule, v_from, v_days);
  v_low := least(greatest(jittask.first_day_at(v_lower, v_local::time, v_zone) - v_from, 0), v_days);
  v_high := v_days;
  if p_rule.end_at is not null then
    v_high := greatest(least(
      jittask.first_day_at(p_rule.end_at + interval '1 microsecond', v_local::time, v_zone) - v_from, v_days
    ), v_low);
  end if;
  v_nominal := v_nominal & (
    repeat('0', v_low) || repeat('1', v_high - v_low) || repeat('0', v_days - v_high)
  )::varbit;

  -- An anchor in the second pass of an overlap is no wall-clock time's instant, unless it moves.
  v_anchor_day := v_local::date - v_from;
  if v_anchor >= v_lower and (v_anchor <= p_rule.end_at) is not false and v_anchor_day between 0 and v_days - 1
    and jittask.to_instant(v_local, v_zone) <> v_anchor
  then
    if get_bit(v_free, v_anchor_day) = 1 then
      v_nominal := set_bit(v_nominal, v_anchor_day, 1);
    elsif v_anchor > v_after and v_anchor <= p_until then
      v_count := 1;
    end if;
  end if;

  v_due := v_nominal & ~v_free;
  if v_policy <> 'drop' then
    v_due := v_due | jittask.moved_bits(v_nominal & v_free, v_working, v_policy);
  end if;
  v_low := jittask.first_day_at(v_after + interval '1 microsecond', v_local::time, v_zone) - v_from;
  v_high := jittask.first_day_at(p_until + interval '1 microsecond', v_local::time, v_zone) - v_from;
  return v_count + bit_count(substring(v_due from v_low + 1 for greatest(v_high - v_low, 0)));
end;
$$;
