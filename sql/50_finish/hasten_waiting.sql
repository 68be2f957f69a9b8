-- A place became free: what was put off by a second at the claim (a run before it, max_running) may
-- be tried at once. Looks at that second of each lane only. Locks: queue rows, skip locked.
create or replace function jittask.hasten_waiting()
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_now timestamptz := jittask.now();
begin
  update jittask.due_queue q
  set run_at = v_now
  where q.occurrence_id in (
    select n.occurrence_id
    from jittask.lane l
    cross join lateral (
      select w.occurrence_id
      from jittask.due_queue w
      where w.queue = l.queue
        and w.priority = l.priority
        and w.run_at > v_now
        and w.run_at <= v_now + interval '1 second'
        and w.due_at <= v_now
        and w.lease_id is null
        and w.task_id is not null
        and w.first_claimed_at is null
      order by w.run_at, w.occurrence_id
      limit 100
      for update skip locked
    ) n
  );
end;
$$;
