-- Local days between two on which a zone's clock skips or repeats times; over_midnight where one change
-- touches more than a day. Both ends are rough: a change near them may be in or out.
create or replace function jittask.changed_days(
  p_from date,
  p_until date,
  p_timezone text
)
returns table (
  day date,
  over_midnight bool
)
language sql
stable
rows 10
as $$
  select w.first_day + n, w.last_day > w.first_day
  from jittask.offset_changes(
      date_part('epoch', p_from)::bigint, date_part('epoch', p_until)::bigint, p_timezone
    ) c,
    lateral (
      select
        (to_timestamp(c.changed_at + least(c.offset_before, c.offset_after)) at time zone 'UTC')::date,
        (to_timestamp(c.changed_at + greatest(c.offset_before, c.offset_after)) at time zone 'UTC')::date
    ) w(first_day, last_day),
    generate_series(0, w.last_day - w.first_day) n
$$;
