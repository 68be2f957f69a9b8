-- Nominal instants of a rule that fires once a day at most, with their wall-clock times, on the local days
-- [p_from, p_until]; without the bounds. For rules of day or coarser grain other than cron.
create or replace function jittask.nominal_walls(
  p_rule jittask.rule,
  p_from date,
  p_until date
)
returns table (
  wall timestamp,
  nominal_at timestamptz
)
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_anchor timestamptz := case when p_rule.repeat = 'none' then p_rule.anchor_at
                               else date_trunc('second', p_rule.anchor_at) end;
  v_local timestamp := v_anchor at time zone v_zone;
  v_every int := coalesce(p_rule.every, 1)
    * case p_rule.repeat when 'weekly' then 7 when 'yearly' then 12 else 1 end;
  v_unit interval := case when p_rule.repeat in ('daily', 'weekly') then interval '1 day'
                          else interval '1 month' end;
  v_step double precision := date_part('epoch', p_rule.period);
  v_first bigint;
  v_last bigint;
begin
  if v_local::date between p_from and p_until then
    wall := v_local;
    nominal_at := v_anchor;
    return next;
  end if;

  if p_rule.repeat = 'interval' then
    v_first := greatest(1, floor(
      (date_part('epoch', p_from::timestamp at time zone v_zone) - date_part('epoch', v_anchor)) / v_step
    ) - 1);
    v_last := ceil(
      (date_part('epoch', (p_until + 1)::timestamp at time zone v_zone) - date_part('epoch', v_anchor)) / v_step
    ) + 1;
    return query
    select i.at at time zone v_zone, i.at
    from generate_series(v_first, v_last) n,
      to_timestamp(date_part('epoch', v_anchor) + n * v_step) i(at)
    where (i.at at time zone v_zone)::date between p_from and p_until;

  elsif p_rule.repeat <> 'none' then
    v_first := greatest(1, case v_unit when '1 day' then (p_from - v_local::date) / v_every
      else ((date_part('year', p_from) - date_part('year', v_local))::int * 12
        + (date_part('month', p_from) - date_part('month', v_local))::int) / v_every end);
    v_last := case v_unit when '1 day' then (p_until - v_local::date) / v_every
      else ((date_part('year', p_until) - date_part('year', v_local))::int * 12
        + (date_part('month', p_until) - date_part('month', v_local))::int) / v_every end;
    return query
    select w.at, jittask.to_instant(w.at, v_zone)
    from generate_series(v_first, v_last) n,
      lateral (select v_local + (n * v_every)::int * v_unit) w(at)
    where w.at::date between p_from and p_until
      and (v_unit = interval '1 day' or p_rule.month_overflow is distinct from 'skip'
           or date_part('day', w.at) = date_part('day', v_local));
  end if;
end;
$$;
