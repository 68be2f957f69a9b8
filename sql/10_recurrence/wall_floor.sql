-- First wall-clock second whose instant (to_instant) lies strictly after p_after, in seconds since
-- 1970 on the wall clock. In the second pass of an overlap this is the end of the overlap: its
-- times belong to the first pass.
create or replace function jittask.wall_floor(
  p_after timestamptz,
  p_timezone text
)
returns bigint
language plpgsql
stable
as $$
declare
  v_at bigint := floor(date_part('epoch', p_after))::bigint;
  v_wall bigint := date_part('epoch', to_timestamp(v_at) at time zone p_timezone)::bigint;
  v_first bigint := date_part(
    'epoch',
    jittask.to_instant(to_timestamp(v_wall) at time zone 'UTC', p_timezone)
  )::bigint;
begin
  if v_first < v_at then
    return v_wall + jittask.offset_change(v_first, v_at, p_timezone) - v_first;
  end if;
  return v_wall + 1;
end;
$$;
