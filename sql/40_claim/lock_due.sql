-- Locks up to p_limit due occurrences in claim order (priority, run_at): one_offs need no further
-- look, planned may. Each lane is one descent of due_queue_in_claim_order; lanes of one priority take
-- turns by their oldest row. p_after_*: watermark, so that a drain does not read again the dead
-- entries that it left behind itself. p_except: tasks that are left to others. p_only: tasks whose functions
-- are in the database; then of the one-offs too only these are taken; null = all.
-- Locks: queue rows, SKIP LOCKED. Caller: claim.
create or replace function jittask.lock_due(
  p_worker_id bigint,
  p_now timestamptz,
  p_limit int,
  p_queues text[],
  p_except bigint[],
  p_after_run_at timestamptz,
  p_after_id bigint,
  p_only bigint[],
  out one_offs bigint[],
  out planned bigint[]
)
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_lane record;
  v_more record;
  v_suspect bool := false;
begin
  one_offs := '{}';
  planned := '{}';
  for v_lane in
    select l.queue, l.priority,
      case
        when count(*) over (partition by l.priority) > 1 then (
          select q.run_at
          from jittask.due_queue q
          where q.queue = l.queue
            and q.priority = l.priority
            and q.run_at <= p_now
            and (q.run_at, q.occurrence_id) > (p_after_run_at, p_after_id)
            and q.lease_id is null
            and (q.task_id is null or q.task_id <> all (p_except))
            and (p_only is null or q.task_id = any (p_only) or q.task_id is null and q.handler like 'sql:%')
          order by q.queue, q.priority, q.run_at, q.occurrence_id
          limit 1
        )
      end as oldest_at
    from jittask.lane l
    where (p_queues is null or l.queue = any (p_queues))
      and not exists (select from jittask.paused_queue u where u.queue = l.queue)
    order by l.priority, oldest_at
  loop
    select coalesce(array_agg(c.occurrence_id) filter (where c.task_id is null), '{}') as one_offs,
      coalesce(array_agg(c.occurrence_id) filter (where c.task_id is not null), '{}') as planned,
      coalesce(bool_or(c.suspect), false) as suspect
    into v_more
    from (
      select q.occurrence_id, q.task_id, q.suspect
      from jittask.due_queue q
      where q.queue = v_lane.queue
        and q.priority = v_lane.priority
        and q.run_at <= p_now
        and (q.run_at, q.occurrence_id) > (p_after_run_at, p_after_id)
        and q.lease_id is null
        and (q.task_id is null or q.task_id <> all (p_except))
        and (p_only is null or q.task_id = any (p_only) or q.task_id is null and q.handler like 'sql:%')
      order by q.queue, q.priority, q.run_at, q.occurrence_id
      limit p_limit - cardinality(one_offs) - cardinality(planned)
      for update skip locked
    ) c;
    one_offs := one_offs || v_more.one_offs;
    planned := planned || v_more.planned;
    v_suspect := v_suspect or v_more.suspect;
    exit when cardinality(one_offs) + cardinality(planned) >= p_limit;
  end loop;
  if v_suspect then
    select k.one_offs, k.planned into one_offs, planned
    from jittask.keep_apart(p_worker_id, one_offs || planned) k;
  end if;
end;
$$;
