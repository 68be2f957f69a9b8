-- Lowest wall-clock time that a zone's clock still shows at or after an instant: its own there, or
-- an earlier one where the clock is about to go back. For wildcard expressions, which match in
-- both passes of an overlap. Callers: moved_after, count_moved_cron.
create or replace function jittask.lowest_wall(
  p_from timestamptz,
  p_timezone text
)
returns timestamp
language sql
stable
as $$
  select least(p_from at time zone p_timezone, min(to_timestamp(c.changed_at + c.offset_after) at time zone 'UTC'))
  from (select date_part('epoch', p_from)::bigint) f(at),
    -- No clock has gone back by more than a day.
    jittask.offset_changes(f.at, f.at + 90000, p_timezone) c
$$;
