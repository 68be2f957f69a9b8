-- Instant of a wall-clock time: the time that exists once is itself; twice (clocks go back), the
-- first pass; never (clocks go forward), the first instant after the gap. AT TIME ZONE alone
-- gives the second pass, and in a gap the offset from before it.
create or replace function jittask.to_instant(
  p_local timestamp,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_at timestamptz := p_local at time zone p_timezone;
  -- The same wall-clock time read with the offset of the day before.
  v_before timestamptz := ((p_local - interval '24:00') at time zone p_timezone) + interval '24:00';
  v_until bigint;
begin
  if v_before at time zone p_timezone = p_local and v_before <= v_at then
    return v_before;
  elsif v_at at time zone p_timezone = p_local then
    return v_at;
  end if;
  v_until := ceil(date_part('epoch', v_at))::bigint;
  return to_timestamp(jittask.offset_change(v_until - 86400, v_until, p_timezone));
end;
$$;
