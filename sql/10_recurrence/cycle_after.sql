-- First nominal instant strictly after p_after of a daily, weekly, monthly or yearly rule, p_after not
-- before the anchor; null when there is none before the year 10000. A wall-clock time n cycles after
-- the anchor's, by division and a few steps.
create or replace function jittask.cycle_after(
  p_rule jittask.rule,
  p_after timestamptz
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_local timestamp := date_trunc('second', p_rule.anchor_at) at time zone p_rule.timezone;
  v_after timestamp := p_after at time zone p_rule.timezone;
  v_every int := coalesce(p_rule.every, 1);
  v_count bigint;
  v_wall timestamp;
  v_at timestamptz;
begin
  if p_rule.repeat in ('daily', 'weekly') then
    v_every := v_every * case p_rule.repeat when 'weekly' then 7 else 1 end;
    -- Times of earlier local dates all lie at or before p_after.
    v_count := greatest((v_after::date - v_local::date + v_every - 1) / v_every, 1);
    for v_n in v_count..v_count + 3 loop
      v_wall := v_local + v_n * v_every * interval '1 day';
      exit when v_wall >= '10000-01-01';
      v_at := jittask.to_instant(v_wall, p_rule.timezone);
      if v_at > p_after then
        return v_at;
      end if;
    end loop;
    return null;
  end if;

  v_every := v_every * case p_rule.repeat when 'yearly' then 12 else 1 end;
  v_count := greatest(
    ((date_part('year', v_after) - date_part('year', v_local))::int * 12
      + (date_part('month', v_after) - date_part('month', v_local))::int + v_every - 1) / v_every,
    1
  );
  loop
    exit when date_part('year', v_local) * 12 + v_count * v_every > 119988;
    v_wall := v_local + (v_count * v_every)::int * interval '1 month';
    if p_rule.month_overflow is distinct from 'skip'
      or date_part('day', v_wall) = date_part('day', v_local)
    then
      v_at := jittask.to_instant(v_wall, p_rule.timezone);
      if v_at > p_after then
        return v_at;
      end if;
    end if;
    v_count := v_count + 1;
  end loop;
  return null;
end;
$$;
