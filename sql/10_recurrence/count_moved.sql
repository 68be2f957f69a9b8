-- Number of occurrences of a rule with a calendar with due in (p_after, p_until], merged ones once. Day by
-- day in a few set-based passes; p_until already minds the end. Cron is counted by count_moved_cron.
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
  v_plain jittask.rule := p_rule;
  v_after timestamptz := greatest(
    p_after, p_rule.earliest_at - interval '1 second', p_rule.anchor_at - interval '9700:00'
  );
  v_from date := v_after at time zone v_zone;
  v_to date := p_until at time zone v_zone;
  v_count bigint;
begin
  if p_until <= v_after then
    return 0;
  elsif p_rule.repeat = 'none' then
    return jittask.count_walked(p_rule, p_after, p_until);
  elsif p_rule.repeat = 'cron' then
    return jittask.count_moved_cron(p_rule, p_after, p_until);
  elsif p_rule.repeat <> 'hourly' and coalesce(p_rule.period, '1 day') >= interval '24:00' then
    -- One time a day at most: these few are listed.
    return (
      select count(distinct d.due_at)
      from jittask.nominal_walls(p_rule, v_from - 401, v_to + 401) w
      join jittask.workday_targets(
        p_rule.calendar, v_from - 401, v_to + 401, p_rule.skip_holidays, p_rule.holiday_policy
      ) t on t.day = w.wall::date
      cross join lateral (
        select case when t.target = t.day then w.nominal_at
                    else jittask.to_instant(t.target + w.wall::time, v_zone) end as due_at
        offset 0
      ) d
      where d.due_at > p_after
        and d.due_at <= p_until
        and (least(w.nominal_at, d.due_at) >= date_trunc('second', p_rule.earliest_at)) is not false
        and (w.nominal_at <= p_rule.end_at) is not false
    );
  end if;

  -- All elapsed instants, less those of each run of free days.
  v_plain.skip_holidays := 'none';
  v_count := jittask.count_occurrences(v_plain, p_after, p_until);
  select v_count - coalesce(sum(jittask.count_occurrences(
    v_plain,
    greatest(p_after, jittask.to_instant(r.first_day, v_zone) - interval '1 microsecond'),
    least(p_until, jittask.to_instant(r.last_day + 1, v_zone) - interval '1 microsecond')
  )), 0)
  into v_count
  from (
    select min(f.day) as first_day, max(f.day) as last_day
    from (
      select t.day, t.day - row_number() over (order by t.day)::int as run
      from jittask.workday_targets(p_rule.calendar, v_from, v_to, p_rule.skip_holidays, 'drop') t
      where t.target is null
    ) f
    group by f.run
  ) r;
  return v_count;
end;
$$;
