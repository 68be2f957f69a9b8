-- First instant in (p_from, p_until] at which the zone's clock differs from the one at p_from by more
-- than the time that passed; both ends in seconds since 1970 UTC. The caller knows that the
-- offsets at the two ends differ, and gets the change that separates them, by bisection: first of
-- quarter hours, at which clocks are changed nearly always.
create or replace function jittask.offset_change(
  p_from bigint,
  p_until bigint,
  p_timezone text
)
returns bigint
language plpgsql
stable
as $$
declare
  v_low bigint := p_from;
  v_high bigint := p_until;
  v_middle bigint;
  v_offset bigint := date_part('epoch', to_timestamp(p_from) at time zone p_timezone)::bigint - p_from;
begin
  while v_high - v_low > 1 loop
    v_middle := case
      when v_high - v_low > 1800 then (v_low + v_high) / 1800 * 900
      when v_high % 900 <> 0 then v_low + (v_high - v_low) / 2
      when v_high - v_low > 900 then v_high - 900
      else v_high - 1
    end;
    if date_part('epoch', to_timestamp(v_middle) at time zone p_timezone)::bigint - v_middle = v_offset then
      v_low := v_middle;
    else
      v_high := v_middle;
    end if;
  end loop;
  return v_high;
end;
$$;
