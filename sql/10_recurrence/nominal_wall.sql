-- First wall-clock time, at or after p_wall, at which a rule has an occurrence before holiday moves;
-- null when there is none. The anchor itself is not among them: its instant, not its wall-clock
-- time, is given. For rules of day or coarser grain and cron; the bounds are the caller's.
create or replace function jittask.nominal_wall(
  p_rule jittask.rule,
  p_wall timestamp
)
returns timestamp
language plpgsql
stable
as $$
declare
  v_local timestamp := date_trunc('second', p_rule.anchor_at at time zone p_rule.timezone);
  v_every int := coalesce(p_rule.every, 1);
  v_count bigint;
  v_wall timestamp;
begin
  if p_rule.repeat = 'cron' then
    return to_timestamp(
      jittask.cron_wall_after(p_rule.cron, ceil(date_part('epoch', p_wall))::bigint)
    ) at time zone 'UTC';

  elsif p_rule.repeat = 'interval' then
    v_wall := jittask.nominal_after(
      p_rule, greatest(jittask.to_instant(p_wall, p_rule.timezone) - interval '1 microsecond', p_rule.anchor_at)
    ) at time zone p_rule.timezone;
    return v_wall;

  elsif p_rule.repeat in ('daily', 'weekly') then
    v_every := v_every * case p_rule.repeat when 'weekly' then 7 else 1 end;
    v_count := greatest(ceil((date_part('epoch', p_wall) - date_part('epoch', v_local)) / (86400.0 * v_every)), 1);
    v_wall := v_local + v_count * v_every * interval '1 day';
    return case when v_wall < '10000-01-01' then v_wall end;

  elsif p_rule.repeat in ('monthly', 'yearly') then
    v_every := v_every * case p_rule.repeat when 'yearly' then 12 else 1 end;
    v_count := greatest(
      ((date_part('year', p_wall) - date_part('year', v_local))::int * 12
        + (date_part('month', p_wall) - date_part('month', v_local))::int + v_every - 1) / v_every,
      1
    );
    while date_part('year', v_local) * 12 + v_count * v_every <= 119988 loop
      v_wall := v_local + (v_count * v_every)::int * interval '1 month';
      if v_wall >= p_wall
        and (p_rule.month_overflow is distinct from 'skip'
             or date_part('day', v_wall) = date_part('day', v_local))
      then
        return v_wall;
      end if;
      v_count := v_count + 1;
    end loop;
  end if;
  return null;
end;
$$;
