-- Number of instants in (p_after, p_until] that a compiled cron expression gives in a zone: the wall-clock
-- times between, corrected at each change of offset. Wildcard expressions lose what a gap swallows
-- and gain what an overlap repeats; the fixed times of one gap count once, at its end.
create or replace function jittask.cron_count(
  p_cron int[],
  p_after timestamptz,
  p_until timestamptz,
  p_timezone text
)
returns bigint
language plpgsql
stable
as $$
declare
  v_after bigint := floor(date_part('epoch', p_after));
  v_until bigint := floor(date_part('epoch', p_until));
  v_count bigint;
  v_change record;
begin
  if v_until <= v_after then
    return 0;
  end if;

  if p_cron[1] & 1 = 0 then
    v_count := jittask.cron_wall_count(
      p_cron, jittask.wall_floor(p_after, p_timezone), jittask.wall_floor(p_until, p_timezone)
    );
    for v_change in
      select c.changed_at, c.offset_before, c.offset_after
      from jittask.offset_changes(v_after, v_until, p_timezone) c
      where c.offset_after > c.offset_before
    loop
      v_count := v_count - greatest(0, jittask.cron_wall_count(
        p_cron, v_change.changed_at + v_change.offset_before, v_change.changed_at + v_change.offset_after + 1
      ) - 1);
    end loop;
    return v_count;
  end if;

  v_count := jittask.cron_wall_count(
    p_cron,
    date_part('epoch', to_timestamp(v_after) at time zone p_timezone)::bigint + 1,
    date_part('epoch', to_timestamp(v_until) at time zone p_timezone)::bigint + 1
  );
  -- Bounds in different passes of an overlap may stand the wrong way round on the clock.
  if v_count = 0 then
    v_count := -jittask.cron_wall_count(
      p_cron,
      date_part('epoch', to_timestamp(v_until) at time zone p_timezone)::bigint + 1,
      date_part('epoch', to_timestamp(v_after) at time zone p_timezone)::bigint + 1
    );
  end if;
  for v_change in
    select c.changed_at, c.offset_before, c.offset_after
    from jittask.offset_changes(v_after, v_until, p_timezone) c
  loop
    v_count := v_count
      + jittask.cron_wall_count(
          p_cron, v_change.changed_at + v_change.offset_after, v_change.changed_at + v_change.offset_before
        )
      - jittask.cron_wall_count(
          p_cron, v_change.changed_at + v_change.offset_before, v_change.changed_at + v_change.offset_after
        );
  end loop;
  return v_count;
end;
$$;
