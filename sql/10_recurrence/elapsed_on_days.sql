-- How many instants of an hourly or interval rule in (p_after, p_until] fall on the days of p_days, a bit
-- each from p_from on; without the bounds. Between two changes of the clock days are equally long, so
-- that runs of days are counted by division.
create or replace function jittask.elapsed_on_days(
  p_rule jittask.rule,
  p_from date,
  p_days varbit,
  p_after timestamptz,
  p_until timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_zone text := p_rule.timezone;
  v_anchor double precision := date_part('epoch', date_trunc('second', p_rule.anchor_at));
  v_step double precision := case p_rule.repeat when 'hourly' then 3600.0 * p_rule.every
                                                else date_part('epoch', p_rule.period) end;
  -- Instants are numbered from the anchor; those in [v_first, v_end) count.
  v_first double precision := greatest(0, floor((date_part('epoch', p_after) - v_anchor) / v_step) + 1);
  v_end double precision := floor((date_part('epoch', p_until) - v_anchor) / v_step) + 1;
  -- Local days of the first and the last of them, like all days here counted since 1970.
  v_low int;
  v_high int;
  v_base int := p_from - date '1970-01-01';
  v_from bigint;
  v_until bigint;
  v_day int;
  v_bits varbit;
  v_stretch record;
  v_count double precision := 0;
begin
  if v_end <= v_first then
    return 0;
  end if;
  v_low := (to_timestamp(v_anchor + v_first * v_step) at time zone v_zone)::date - date '1970-01-01';
  v_high := (to_timestamp(v_anchor + (v_end - 1) * v_step) at time zone v_zone)::date - date '1970-01-01';
  v_from := (v_low - 2) * 86400::bigint;
  v_until := (v_high + 3) * 86400::bigint;
  v_day := greatest(v_low - 1, v_base);

  for v_stretch in
    -- The whole days between two changes, strictly within the bounds; nothing but the end in the last row.
    select c.offset_after as seconds,
      greatest(v_low + 1, ceil((c.changed_at + greatest(c.offset_before, c.offset_after)) / 86400.0)::int) as first_day,
      least(v_high - 1, floor(lead(c.changed_at + least(c.offset_before, c.offset_after)) over w / 86400.0)::int - 1)
        as last_day
    from (
      select o.changed_at, o.offset_before, o.offset_after
      from jittask.offset_changes(v_from, v_until, v_zone) o
      union all
      select s.at, s.seconds, s.seconds
      from (
        select e.at, date_part('epoch', to_timestamp(e.at) at time zone v_zone)::bigint - e.at as seconds
        from (values (v_from), (v_until)) e(at)
      ) s
    ) c
    window w as (order by c.changed_at)
    union all
    select 0, v_high + 2, v_high + 1
    order by 2
  loop
    continue when v_stretch.last_day is null or v_stretch.last_day < v_stretch.first_day - 1;
    -- One by one the days before it, which a change or a bound cuts.
    while v_day < v_stretch.first_day loop
      if get_bit(p_days, v_day - v_base) = 1 then
        v_count := v_count + greatest(
          0,
          least(v_end, ceil(
            (date_part('epoch', jittask.to_instant(date '1970-01-01' + v_day + 1, v_zone)) - v_anchor) / v_step
          )) - greatest(v_first, ceil(
            (date_part('epoch', jittask.to_instant(date '1970-01-01' + v_day, v_zone)) - v_anchor) / v_step
          ))
        );
      end if;
      v_day := v_day + 1;
    end loop;

    v_bits := substring(p_days from v_day - v_base + 1 for v_stretch.last_day + 1 - v_day);
    v_day := v_stretch.last_day + 1;
    if 86400 / v_step = floor(86400 / v_step) then
      v_count := v_count + bit_count(v_bits) * (86400 / v_step);
    else
      -- Runs begin and end in turn: what lies before their ends, less what lies before their beginnings.
      v_bits := (v_bits || B'0') # (B'0' || v_bits);
      v_count := v_count + coalesce((
        select sum(
          case e.no % 2 when 0 then 1 else -1 end
          * ceil(((v_stretch.first_day + e.place - 1) * 86400 - v_stretch.seconds - v_anchor) / v_step)
        )
        from (
          select p.no, sum(length(p.gap) + 1) over (order by p.no)::double precision as place
          from string_to_table(v_bits::text, '1') with ordinality p(gap, no)
        ) e
        where e.no <= bit_count(v_bits)
      ), 0);
    end if;
  end loop;
  return v_count;
end;
$$;
