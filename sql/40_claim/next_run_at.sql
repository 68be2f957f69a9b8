-- When something runs next that is not due yet; null = nothing is planned. One index probe per lane.
-- Callers: doze, next_look.
create or replace function jittask.next_run_at(
  p_now timestamptz,
  p_queues text[]
)
returns timestamptz
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
  select min(n.run_at)
  from jittask.lane l
  cross join lateral (
    select q.run_at
    from jittask.due_queue q
    where q.queue = l.queue
      and q.priority = l.priority
      and q.run_at > p_now
      and q.lease_id is null
    order by q.run_at
    limit 1
  ) n
  where (p_queues is null or l.queue = any (p_queues))
    and not exists (select from jittask.paused_queue u where u.queue = l.queue);
$$;
