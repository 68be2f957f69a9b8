-- The local days from p_from on, a bit each, on which a daily, weekly, monthly or yearly rule has a
-- nominal instant, the anchor's day as the first; without the bounds.
create or replace function jittask.cycle_day_bits(
  p_rule jittask.rule,
  p_from date,
  p_days int
)
returns varbit
language plpgsql
stable
as $$
declare
  v_anchor date := p_rule.anchor_at at time zone p_rule.timezone;
  v_every int := coalesce(p_rule.every, 1)
    * case p_rule.repeat when 'weekly' then 7 when 'yearly' then 12 else 1 end;
  v_first int := v_anchor - p_from;
  v_months int;
  v_map text;
begin
  if p_rule.repeat in ('daily', 'weekly') then
    v_first := case when v_first < 0 then (v_first % v_every + v_every) % v_every else v_first end;
    v_every := least(v_every, p_days + 1);
    v_map := left(
      repeat('0', least(v_first, p_days)) || repeat('1' || repeat('0', v_every - 1), p_days / v_every + 1), p_days
    );
    return v_map::varbit;
  end if;

  v_months := (date_part('year', p_from) - date_part('year', v_anchor))::int * 12
    + (date_part('month', p_from) - date_part('month', v_anchor))::int;
  select string_agg(repeat('0', w.at - w.since) || '1', '' order by w.at)
  into v_map
  from (
    select c.day - p_from as at, coalesce(lag(c.day) over (order by c.day) - p_from + 1, 0) as since
    from generate_series(greatest(0, v_months / v_every), greatest(0, (v_months + p_days / 28 + 2) / v_every)) n,
      lateral (select (v_anchor + (n * v_every) * interval '1 month')::date) c(day)
    where c.day >= p_from and c.day < p_from + p_days
      and (p_rule.month_overflow is distinct from 'skip' or date_part('day', c.day) = date_part('day', v_anchor))
  ) w;
  return rpad(coalesce(v_map, ''), p_days, '0')::varbit;
end;
$$;
