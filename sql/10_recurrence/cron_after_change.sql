-- What cron_after promises, for any instant, near changes of offset too. Fixed-time expressions:
-- every matching wall-clock time by to_instant. Wildcard expressions: every instant whose wall-clock
-- time matches, found stretch by stretch of constant offset.
create or replace function jittask.cron_after_change(
  p_cron int[],
  p_after timestamptz,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_after bigint := floor(date_part('epoch', p_after));
  v_limit bigint := v_after + 41 * 31622400::bigint;
  v_wall bigint;
  v_at bigint;
  v_near bigint;
  v_offset bigint;
begin
  if p_cron[1] & 1 = 0 then
    v_wall := jittask.cron_wall_after(p_cron, jittask.wall_floor(p_after, p_timezone));
    return jittask.to_instant(to_timestamp(v_wall) at time zone 'UTC', p_timezone);
  end if;

  -- v_after is the instant before the stretch that is looked at.
  while v_after < v_limit loop
    v_offset := date_part('epoch', to_timestamp(v_after + 1) at time zone p_timezone)::bigint - v_after - 1;
    v_at := jittask.cron_wall_after(p_cron, v_after + 1 + v_offset) - v_offset;
    if v_at is null then
      return null;
    end if;
    -- Offsets differ by 26 hours at most, so only the next two days can bring a wall-clock time
    -- back, and v_at lies within two days of the true instant.
    v_near := least(v_at, v_after + 172800);
    if date_part('epoch', to_timestamp(v_near) at time zone p_timezone)::bigint - v_near <> v_offset then
      v_after := jittask.offset_change(v_after + 1, v_near, p_timezone) - 1;
    elsif v_at = v_near then
      return to_timestamp(v_at);
    else
      v_after := v_at - 172800;
    end if;
  end loop;
  return null;
end;
$$;
