-- count_moved for cron rules. A due day that takes a whole day of matches has all times of day, one that
-- only has its own has those; both are counted by arithmetic. Walked are the due days that are fed
-- by part of a day (at the bounds, at changes of the clock) or lie at a gap over midnight.
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
  v_rule jittask.rule := p_rule;
  v_cron int[] := p_rule.cron;
  -- Every day, fixed times: what a whole day gives on the day it is moved to.
  v_moved int[] := 2 || v_cron[2:38];
  v_wildcard bool := v_cron[1] & 1 = 1;
  v_anchor timestamptz := date_trunc('second', p_rule.anchor_at);
  v_earliest timestamptz := date_trunc('second', p_rule.earliest_at);
  v_lower timestamptz := greatest(v_anchor, v_earliest);
  v_low_day date := case when v_wildcard then jittask.lowest_wall(v_lower, v_zone)
                         else v_lower at time zone v_zone end;
  v_end_day date := p_rule.end_at at time zone v_zone;
  v_after timestamptz := greatest(p_after, v_anchor - interval '9700:00', v_earliest - interval '1 microsecond');
  v_from date := v_after at time zone v_zone;
  v_to date := p_until at time zone v_zone;
  v_changed date[];
  v_midnight date[];
  v_count bigint := 0;
  v_day record;
  v_begin timestamptz;
  v_finish timestamptz;
begin
  select coalesce(array_agg(d.day), array[]::date[]),
    coalesce(array_agg(d.day) filter (where d.over_midnight), array[]::date[])
  into v_changed, v_midnight
  from jittask.changed_days(v_from - 2, v_to + 2, v_zone) d;
  v_rule.first_fires := false;

  for v_day in
    select g.target, g.own, g.moved, g.moved_whole,
      (g.target = any (v_changed)) as changed,
      (g.target = any (v_midnight)) as over_midnight,
      lead(g.target) over (order by g.target) is not distinct from g.target + 1 as next_counts
    from (
      select t.target,
        bool_or(t.day = t.target) as own,
        bool_or(t.day <> t.target) as moved,
        bool_or(
          t.day <> t.target and t.day > v_low_day and (t.day < v_end_day) is not false
          and not (v_wildcard and t.day = any (v_changed))
        ) as moved_whole
      from jittask.workday_targets(
        p_rule.calendar, v_from - 402, v_to + 402, p_rule.skip_holidays, p_rule.holiday_policy
      ) t
      where t.target between v_from - 1 and v_to + 1
        and t.day >= v_low_day and (t.day <= v_end_day) is not false
        and jittask.cron_day_count(v_cron, t.day, t.day + 1) = 1
      group by t.target
    ) g
  loop
    if not v_day.changed and (not v_day.moved or v_day.moved_whole)
      and v_day.target > v_from and v_day.target < v_to and v_day.target > v_low_day
    then
      v_count := v_count + v_cron[10];
      continue;
    end if;
    v_begin := greatest(v_after, jittask.to_instant(v_day.target, v_zone) - interval '1 microsecond');
    -- A gap that ends at midnight gives the times it swallows the first instant of the next day.
    v_finish := least(p_until, jittask.to_instant(v_day.target + 1, v_zone)
      - case when v_day.over_midnight and not v_day.next_counts then interval '0' else interval '1 microsecond' end);
    v_count := v_count + case
      when v_finish <= v_begin then 0
      when v_day.over_midnight then jittask.count_walked(v_rule, v_begin, v_finish)
      when not v_day.moved then
        jittask.cron_count(v_cron, greatest(v_begin, v_lower - interval '1 microsecond'), v_finish, v_zone)
      when v_day.moved_whole and not (v_day.own and v_wildcard and v_day.changed) then
        jittask.cron_count(v_moved, v_begin, v_finish, v_zone)
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
