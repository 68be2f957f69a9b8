-- A worker found nothing due and is about to sleep: marks it, so that writers wake it, and returns
-- when something runs next, in microseconds; null = nothing is planned. One index probe per lane.
create or replace function jittask.doze(
  p_worker_id bigint,
  p_queues text[] default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := jittask.now();
begin
  update jittask.worker w
  set sleeps = true
  where w.worker_id = p_worker_id and not w.sleeps;
  -- While it holds one that was lost before, others like it are kept from it: it looks again soon.
  if jittask.holds_suspect(p_worker_id) then
    return jittask.to_us(v_now + interval '10 milliseconds');
  end if;
  return (
    select jittask.to_us(min(n.run_at))
    from jittask.lane l
    cross join lateral (
      select q.run_at
      from jittask.due_queue q
      where q.queue = l.queue
        and q.priority = l.priority
        and q.run_at > v_now
        and q.lease_id is null
      order by q.run_at
      limit 1
    ) n
    where (p_queues is null or l.queue = any (p_queues))
      and not exists (select from jittask.paused_queue u where u.queue = l.queue)
  );
end;
$$;
