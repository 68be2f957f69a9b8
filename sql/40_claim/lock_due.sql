-- Locks up to p_limit due occurrences in claim order (priority, run_at) and returns their ids.
-- Each lane is one descent of due_queue_in_claim_order; lanes of one priority take turns by their
-- oldest row. p_after_*: watermark, so that a drain does not read again the dead entries that it
-- left behind itself. p_except: tasks that are left to others. Locks: queue rows, SKIP LOCKED. Caller: claim.
create or replace function jittask.lock_due(
  p_now timestamptz,
  p_limit int,
  p_queues text[],
  p_except bigint[],
  p_after_run_at timestamptz,
  p_after_id bigint
)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
  v_ids bigint[] := '{}';
  v_more bigint[];
  v_lane record;
begin
  for v_lane in
    select l.queue, l.priority, h.run_at
    from jittask.lane l
    cross join lateral (
      select q.run_at
      from jittask.due_queue q
      where q.queue = l.queue
        and q.priority = l.priority
        and q.run_at <= p_now
        and (q.run_at, q.occurrence_id) > (p_after_run_at, p_after_id)
        and q.lease_id is null
        and (q.task_id is null or q.task_id <> all (p_except))
      order by q.queue, q.priority, q.run_at, q.occurrence_id
      limit 1
    ) h
    where (p_queues is null or l.queue = any (p_queues))
      and not exists (select from jittask.paused_queue u where u.queue = l.queue)
    order by l.priority, h.run_at
  loop
    select array_agg(c.occurrence_id) into v_more
    from (
      select q.occurrence_id
      from jittask.due_queue q
      where q.queue = v_lane.queue
        and q.priority = v_lane.priority
        and q.run_at <= p_now
        and (q.run_at, q.occurrence_id) > (p_after_run_at, p_after_id)
        and q.lease_id is null
        and (q.task_id is null or q.task_id <> all (p_except))
      order by q.queue, q.priority, q.run_at, q.occurrence_id
      limit p_limit - cardinality(v_ids)
      for update skip locked
    ) c;
    v_ids := v_ids || v_more;
    exit when cardinality(v_ids) >= p_limit;
  end loop;
  return v_ids;
end;
$$;
