-- count_moved for cron rules. A due day that takes a whole day of matches has all times of day, one that
-- only has its own has those; both are counted by arithmetic. Looked at one by one are the due days
-- that are fed by part of a day (at the bounds, at changes of the clock) or lie at a gap over midnight.
create or replace function jittask.count_moved_cron(
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
  v_rule jittask.rule := p_rule;
  v_cron int[] := p_rule.cron;
  -- Every day, fixed times: what a whole day gives on the day it is moved to.
  v_all int[] := 2 || v_cron[2:38];
  v_wildcard bool := v_cron[1] & 1 = 1;
  v_anchor timestamptz := date_trunc('second', p_rule.anchor_at);
  v_earliest timestamptz := date_trunc('second', p_rule.earliest_at);
  v_lower timestamptz := greatest(v_anchor, v_earliest);
  v_after timestamptz := greatest(p_after, v_anchor - interval '9700:00', v_earliest - interval '1 microsecond');
  v_after_day date := v_after at time zone v_zone;
  v_until_day date := p_until at time zone v_zone;
  -- Maps of days with a bit each, from v_from on: all that can move into the bounds. Places count from 0.
  v_from date := v_after_day - 403;
  v_days int := v_until_day + 404 - v_from;
  v_low int := (case when v_wildcard then jittask.lowest_wall(v_lower, v_zone)
                     else v_lower at time zone v_zone end)::date - v_from;
  v_end int := (p_rule.end_at at time zone v_zone)::date - v_from;
  v_zeros varbit := repeat('0', v_days)::varbit;
  v_map text := jittask.workday_map(p_rule.calendar, v_from, v_days);
  v_working varbit := translate(v_map, 'h', '0')::varbit;
  v_free varbit := case p_rule.skip_holidays when 'holidays' then translate(v_map, '10h', '001')::varbit
                                             else ~v_working end;
  v_changed varbit := v_zeros;
  v_midnight varbit := v_zeros;
  -- What clock_change_days says, for each day.
  v_change_at int[];
  v_low_wall bigint[];
  v_high_wall bigint[];
  v_forward bool[];
  v_between int;
  v_behind int;
  -- Days at a bound of the nominal instants, or, for wildcard expressions, whose clock is changed.
  v_cut varbit := v_zeros;
  v_nominal varbit;
  v_own varbit;
  v_whole varbit := v_zeros;
  v_part varbit := v_zeros;
  v_single varbit;
  v_inner varbit;
  v_count bigint;
  v_at int;
  v_begin timestamptz;
  v_finish timestamptz;
begin
  -- Fixed times feel a gap that they meet, and no other change.
  select array_agg(d.day - v_from), array_agg(d.low_wall), array_agg(d.high_wall), array_agg(d.forward)
  into v_change_at, v_low_wall, v_high_wall, v_forward
  from jittask.clock_change_days(v_from, v_from + v_days, v_zone) d
  where d.day >= v_from and d.day < v_from + v_days
    and (v_wildcard or d.forward and jittask.cron_wall_count(v_all, d.low_wall, d.high_wall + 1) > 0);
  for v_n in 1..coalesce(cardinality(v_change_at), 0) loop
    v_changed := set_bit(v_changed, v_change_at[v_n], 1);
    if v_change_at[v_n - 1] = v_change_at[v_n] - 1 and v_low_wall[v_n - 1] = v_low_wall[v_n] then
      v_midnight := set_bit(set_bit(v_midnight, v_change_at[v_n], 1), v_change_at[v_n - 1], 1);
    end if;
  end loop;

  v_nominal := jittask.cron_day_bits(v_cron, v_from, v_days);
  if v_low > 0 then
    v_nominal := v_nominal & (repeat('0', least(v_low, v_days)) || repeat('1', v_days - v_low))::varbit;
  end if;
  if v_end < v_days - 1 then
    v_nominal := v_nominal & rpad(repeat('1', greatest(v_end + 1, 0)), v_days, '0')::varbit;
  end if;
  if v_wildcard then
    v_cut := v_changed;
  end if;
  foreach v_at in array array[v_low, v_end] loop
    if v_at between 0 and v_days - 1 then
      v_cut := set_bit(v_cut, v_at, 1);
    end if;
  end loop;

  v_own := v_nominal & ~v_free;
  if v_policy <> 'drop' then
    v_whole := jittask.moved_bits(v_nominal & v_free & ~v_cut, v_working, v_policy);
    v_part := jittask.moved_bits(v_nominal & v_free & v_cut, v_working, v_policy);
  end if;

  -- The days with all times, strictly between the bounds, corrected where the clock is changed.
  v_at := greatest(v_after_day - v_from + 1, v_low + 1);
  v_inner := rpad(repeat('0', v_at) || repeat('1', v_until_day - v_from - v_at), v_days, '0')::varbit
    & (v_own | v_whole) & ~v_midnight;
  if v_wildcard then
    v_inner := v_inner & ~(v_changed & v_part & ~v_whole);
  end if;
  v_count := bit_count(v_inner)::bigint * v_cron[10];
  for v_n in 1..coalesce(cardinality(v_change_at), 0) loop
    v_at := v_change_at[v_n];
    continue when get_bit(v_inner, v_at) = 0;
    v_between := jittask.cron_wall_count(v_all, v_low_wall[v_n], v_high_wall[v_n]);
    v_behind := jittask.cron_wall_count(v_all, v_high_wall[v_n], v_high_wall[v_n] + 1);
    v_count := v_count + case
      when not v_wildcard or get_bit(v_own, v_at) = 0 then
        case when v_forward[v_n] then -greatest(0, v_between + v_behind - 1) else 0 end
      when not v_forward[v_n] then v_between
      when get_bit(v_whole, v_at) = 1 and v_between > 0 and v_behind = 0 then 1 - v_between
      else -v_between
    end;
  end loop;

  v_single := (v_own | v_whole | v_part) & ~v_inner & (
    repeat('0', v_after_day - v_from - 1) || repeat('1', v_until_day - v_after_day + 3)
      || repeat('0', v_days - (v_until_day - v_from) - 2)
  )::varbit;
  v_rule.first_fires := false;
  for v_at in
    select (sum(length(p.gap) + 1) over (order by p.no) - 1)::int
    from string_to_table(v_single::text, '1') with ordinality p(gap, no)
    order by p.no
    limit bit_count(v_single)
  loop
    v_begin := greatest(v_after, jittask.to_instant(v_from + v_at, v_zone) - interval '1 microsecond');
    -- A gap that ends at midnight gives the times it swallows the first instant of the next day, and
    -- clocks that go back past midnight come again to a day that is over.
    v_finish := least(p_until, jittask.to_instant(v_from + v_at + case
      when get_bit(v_midnight, v_at) = 1 and get_bit(v_own | v_whole | v_part, v_at + 1) = 0 then 2 else 1
    end, v_zone) - interval '1 microsecond');
    v_count := v_count + case
      when v_finish <= v_begin then 0
      when get_bit(v_midnight, v_at) = 1 then jittask.count_walked(v_rule, v_begin, v_finish)
      when get_bit(v_whole | v_part, v_at) = 0 then
        jittask.cron_count(v_cron, greatest(v_begin, v_lower - interval '1 microsecond'), v_finish, v_zone)
      when (get_bit(v_whole, v_at) = 1 or get_bit(v_own, v_at) = 1 and v_at > v_low)
        and not (get_bit(v_own, v_at) = 1 and v_wildcard and get_bit(v_changed, v_at) = 1)
      then jittask.cron_count(v_all, v_begin, v_finish, v_zone)
      -- Fed by the rule's first day alone, from its first time on.
      when v_at > v_low and v_low >= 0 and (v_at < v_end) is not false and v_policy = 'next_workday'
        and bit_count(substring(v_changed from v_low + 1 for v_at - v_low + 1)) = 0
      then jittask.cron_count(v_all, greatest(v_begin, jittask.to_instant(
        v_from + v_at + (
          to_timestamp(jittask.wall_floor(v_lower - interval '1 second', v_zone)) at time zone 'UTC' - (v_from + v_low)
        ), v_zone
      ) - interval '1 microsecond'), v_finish, v_zone)
      else jittask.count_walked(v_rule, v_begin, v_finish)
    end;
  end loop;

  if p_rule.first_fires and (v_anchor <= p_rule.end_at) is not false then
    v_begin := jittask.due_of(p_rule, v_anchor);
    if v_begin > v_after and v_begin <= p_until and not exists (
      select from jittask.occurrence_after(v_rule, v_begin - interval '1 microsecond') o where o.due_at = v_begin
    ) then
      v_count := v_count + 1;
    end if;
  end if;
  return v_count;
end;
$$;
