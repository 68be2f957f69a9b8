-- The dues in (p_after, p_until] that an interval rule has only through moves: those of its instants on
-- free days (p_free, a bit each from p_from on; p_working likewise), merged ones once, other than the
-- rule's own instants on the days moved to. "offset 0" keeps what each step works out for the next.
create or replace function jittask.moved_elapsed(
  p_rule jittask.rule,
  p_from date,
  p_free varbit,
  p_working varbit,
  p_after timestamptz,
  p_until timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_days int := length(p_working);
  v_step int := case p_rule.holiday_policy when 'previous_workday' then -1 else 1 end;
  -- In the direction of the move.
  v_working varbit := case v_step when 1 then p_working else reverse(p_working::text)::varbit end;
  v_anchor double precision := date_part('epoch', date_trunc('second', p_rule.anchor_at));
  v_period double precision := date_part('epoch', p_rule.period);
  v_earliest double precision := date_part('epoch', date_trunc('second', p_rule.earliest_at));
  v_lower double precision := greatest(v_anchor, v_earliest);
  v_end double precision := date_part('epoch', p_rule.end_at);
  -- The numbers of the instants on the days looked at.
  v_first bigint := ceil(
    (greatest(v_lower, date_part('epoch', (p_from + 1)::timestamp at time zone v_zone)) - v_anchor) / v_period
  );
  v_last bigint := floor(
    (least(v_end, date_part('epoch', (p_from + v_days - 1)::timestamp at time zone v_zone)) - v_anchor) / v_period
  );
  v_count bigint;
begin
  with nominal as (
    select i.wall, i.wall::date - p_from as day
    from (
      select to_timestamp(v_anchor + n * v_period) at time zone v_zone as wall
      from generate_series(v_first, v_last) n
      offset 0
    ) i
    where get_bit(p_free, i.wall::date - p_from) = 1
    offset 0
  ),
  moved as (
    select distinct p_from + n.day + v_step * (n.steps - 1) + n.wall::time as wall
    from (
      select n.wall, n.day, position(
        B'1' in substring(v_working from case v_step when 1 then n.day + 1 else v_days - n.day end for 401)
      ) as steps
      from nominal n
      offset 0
    ) n
    where n.steps > 0
    offset 0
  ),
  due as (
    -- to_instant, looking closer only at a gap.
    select distinct case
      when i.before_at at time zone v_zone = i.wall and i.before_at <= i.at then i.before_at
      when i.at at time zone v_zone = i.wall then i.at
      else jittask.to_instant(i.wall, v_zone)
    end as due_at
    from (
      select m.wall, m.wall at time zone v_zone as at,
        (m.wall - interval '24:00') at time zone v_zone + interval '24:00' as before_at
      from moved m
      offset 0
    ) i
    offset 0
  )
  select count(*)
  into v_count
  from (select d.due_at, date_part('epoch', d.due_at) as at from due d offset 0) d
  where d.due_at > p_after
    and d.due_at <= p_until
    and (d.at >= v_earliest) is not false
    and not (
      (d.at - v_anchor) / v_period = floor((d.at - v_anchor) / v_period)
      and d.at >= v_lower
      and (d.at <= v_end) is not false
      and get_bit(p_free, (d.due_at at time zone v_zone)::date - p_from) = 0
    );
  return v_count;
end;
$$;
