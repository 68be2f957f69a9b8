-- How many occurrences of a daily, weekly, monthly or yearly rule, the anchor as the first, lie at or
-- before an instant, without the bounds; short months count too.
create or replace function jittask.cycle_index(
  p_rule jittask.rule,
  p_at timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_anchor timestamptz := date_trunc('second', p_rule.anchor_at);
  v_local timestamp := v_anchor at time zone p_rule.timezone;
  v_at timestamp := p_at at time zone p_rule.timezone;
  v_every int := coalesce(p_rule.every, 1)
    * case p_rule.repeat when 'weekly' then 7 when 'yearly' then 12 else 1 end;
  v_unit interval := case when p_rule.repeat in ('daily', 'weekly') then interval '1 day'
                          else interval '1 month' end;
  v_count bigint;
begin
  if p_at < v_anchor then
    return 0;
  end if;
  -- Times of earlier local dates all lie at or before p_at.
  if v_unit = interval '1 day' then
    v_count := (v_at::date - v_local::date + v_every - 1) / v_every;
  else
    v_count := ((date_part('year', v_at) - date_part('year', v_local))::int * 12
      + (date_part('month', v_at) - date_part('month', v_local))::int + v_every - 1) / v_every;
  end if;
  v_count := greatest(v_count, 1);
  while jittask.to_instant(v_local + v_count * v_every * v_unit, p_rule.timezone) <= p_at loop
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
