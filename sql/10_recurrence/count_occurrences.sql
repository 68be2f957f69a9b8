-- Number of occurrences of a rule with due in (p_after, p_until], merged ones once. By arithmetic and
-- day counts; what has to be walked stops at 1,000,000.
create or replace function jittask.count_occurrences(
  p_rule jittask.rule,
  p_after timestamptz,
  p_until timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_anchor timestamptz := case when p_rule.repeat = 'none' then p_rule.anchor_at
                               else date_trunc('second', p_rule.anchor_at) end;
  v_lower timestamptz := greatest(
    v_anchor, case when p_rule.repeat = 'none' then p_rule.earliest_at
                   else date_trunc('second', p_rule.earliest_at) end
  );
  v_after timestamptz := greatest(p_after, v_lower - interval '1 microsecond');
  v_until timestamptz := least(p_until, p_rule.end_at, '9999-12-30 00:00+00');
  v_step double precision;
  v_first bigint;
  v_last bigint;
  v_skipped timestamptz;
begin
  if p_rule.repeat in ('daily', 'weekly', 'monthly', 'yearly') then
    -- A zone that crossed the date line lacks a whole day, whose runs may merge: walked past.
    v_skipped := jittask.skipped_day(
      greatest(p_after, v_anchor - interval '9700:00'), v_until, p_rule.timezone
    );
    if v_skipped is not null then
      return jittask.count_occurrences(p_rule, p_after, v_skipped - interval '3 days')
        + jittask.count_walked(
            p_rule, greatest(p_after, v_skipped - interval '3 days'), least(v_until, v_skipped + interval '3 days')
          )
        + jittask.count_occurrences(p_rule, greatest(p_after, v_skipped + interval '3 days'), v_until);
    end if;
  end if;
  if p_rule.skip_holidays <> 'none' then
    return jittask.count_moved(p_rule, p_after, v_until);
  elsif v_until <= v_after then
    return 0;
  elsif p_rule.repeat = 'none' then
    return (v_anchor > v_after and v_anchor <= v_until)::int;
  elsif p_rule.repeat = 'cron' then
    return jittask.cron_count(p_rule.cron, v_after, v_until, p_rule.timezone)
      + case when p_rule.first_fires and v_anchor > v_after and v_anchor <= v_until
               and jittask.cron_after(p_rule.cron, v_anchor - interval '1 second', p_rule.timezone)
                   is distinct from v_anchor
             then 1 else 0 end;

  elsif p_rule.repeat in ('hourly', 'interval') then
    v_step := case p_rule.repeat when 'hourly' then 3600.0 * p_rule.every
                                 else date_part('epoch', p_rule.period) end;
    v_first := floor((date_part('epoch', v_after) - date_part('epoch', v_anchor)) / v_step);
    v_last := floor((date_part('epoch', v_until) - date_part('epoch', v_anchor)) / v_step);
    -- v_after may lie just before the anchor, at index -1.
    return v_last - v_first;
  end if;

  v_first := jittask.cycle_index(p_rule, v_after);
  v_last := jittask.cycle_index(p_rule, v_until);
  if p_rule.month_overflow = 'skip' and p_rule.repeat in ('monthly', 'yearly') then
    return (
      select count(*)
      from generate_series(v_first, v_last - 1) n,
        date_part('day', (v_anchor at time zone p_rule.timezone)) d
      where d = date_part('day', (v_anchor at time zone p_rule.timezone)
        + (n * p_rule.every * case p_rule.repeat when 'yearly' then 12 else 1 end)::int * interval '1 month')
    );
  end if;
  return v_last - v_first;
end;
$$;
