-- When a session that found nothing to run looks again: when something runs next, at the latest after
-- poll_interval, as it cannot be notified. The longer its last look took, because much is due for others, the
-- later. Caller: run_database_functions.
create or replace function jittask.next_look(
  p_queues text[],
  p_looked_at timestamptz
)
returns timestamptz
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select greatest(
    least(jittask.next_run_at(c.at, p_queues), c.at + s.value::interval),
    c.at + interval '10 milliseconds',
    c.at + 10 * (c.at - p_looked_at)
  )
  from (select clock_timestamp()) c (at)
  join jittask.setting s on s.name = 'poll_interval';
$$;
