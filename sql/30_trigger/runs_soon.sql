-- Whether something in the lanes of the given tasks waits to run within the next second: one index
-- probe per lane. The minute before now covers what was written with a due time just past.
create or replace function jittask.runs_soon(
  p_task_ids bigint[],
  p_now timestamptz
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
  select exists (
    select
    from (
      select distinct t.queue, t.priority
      from jittask.task t
      where t.task_id = any (p_task_ids)
    ) l
    cross join lateral (
      select
      from jittask.due_queue q
      where q.queue = l.queue
        and q.priority = l.priority
        and q.run_at >= p_now - interval '1 minute'
        and q.run_at < p_now + interval '1 second'
        and q.lease_id is null
      limit 1
    ) near
  );
$$;
