-- First nominal instant of a rule strictly after p_after, before holiday moves and without the upper
-- bound; null when there is none. The n-th instant counts from the anchor: n comes from a
-- division, so that the cost does not grow with the age of the anchor.
create or replace function jittask.nominal_after(
  p_rule jittask.rule,
  p_after timestamptz
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_anchor timestamptz := p_rule.anchor_at;
  v_every int := coalesce(p_rule.every, 1);
  v_at timestamptz;
  v_count bigint;
  v_step double precision;
begin
  if p_rule.repeat = 'none' then
    return case when v_anchor > p_after then v_anchor end;
  end if;

  v_anchor := date_trunc('second', v_anchor);
  if p_rule.repeat = 'cron' then
    if p_after < v_anchor then
      if p_rule.first_fires then
        return v_anchor;
      end if;
      return jittask.cron_after(p_rule.cron, v_anchor - interval '1 second', p_rule.timezone);
    end if;
    return jittask.cron_after(p_rule.cron, p_after, p_rule.timezone);
  end if;

  if p_after < v_anchor then
    return v_anchor;
  end if;

  if p_rule.repeat in ('hourly', 'interval') then
    v_step := case p_rule.repeat when 'hourly' then 3600.0 * v_every
                                 else date_part('epoch', p_rule.period) end;
    v_count := floor((date_part('epoch', p_after) - date_part('epoch', v_anchor)) / v_step);
    for v_n in 0..2 loop
      v_at := to_timestamp(date_part('epoch', v_anchor) + (v_count + v_n) * v_step);
      if v_at > p_after then
        return v_at;
      end if;
    end loop;
  end if;

  return jittask.cycle_after(p_rule, p_after);
end;
$$;
