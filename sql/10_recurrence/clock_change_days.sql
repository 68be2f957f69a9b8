-- Local days between two on which a zone's clock skips or repeats times, the bounds of these on the wall
-- clock in seconds since 1970, and whether it goes forward; over_midnight where one change touches
-- more than a day. Both ends are rough: a change near them may be in or out.
create or replace function jittask.clock_change_days(
  p_from date,
  p_until date,
  p_timezone text
)
returns table (
  day date,
  low_wall bigint,
  high_wall bigint,
  forward bool,
  over_midnight bool
)
language plpgsql
stable
rows 10
as $$
declare
  v_change record;
  v_last date;
begin
  for v_change in
    select c.changed_at, c.offset_before, c.offset_after
    from jittask.offset_changes(
      date_part('epoch', p_from)::bigint, date_part('epoch', p_until)::bigint, p_timezone
    ) c
  loop
    forward := v_change.offset_after > v_change.offset_before;
    low_wall := v_change.changed_at + least(v_change.offset_before, v_change.offset_after);
    high_wall := v_change.changed_at + greatest(v_change.offset_before, v_change.offset_after);
    day := (to_timestamp(low_wall) at time zone 'UTC')::date;
    -- What a gap swallows is given to its end, which may be a midnight.
    v_last := (to_timestamp(case when forward then high_wall else high_wall - 1 end) at time zone 'UTC')::date;
    over_midnight := v_last > day;
    while day <= v_last loop
      return next;
      day := day + 1;
    end loop;
  end loop;
end;
$$;
