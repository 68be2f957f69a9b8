-- Leases past their end: the worker died or lost its way. What it held waits for another claim at
-- once, and from then on it is claimed alone (keep_apart), because one of it may have killed the worker.
-- A loss counts when it was claimed alone; at the third it ends as lost, so that one which kills its
-- worker stops while others go on. What was to be cancelled is, and does not run again. Locks: lease rows, skip locked, then queue rows by id.
create or replace function jittask.take_back_leases(
  p_now timestamptz
)
returns int
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_lease record;
  v_row record;
  v_count int := 0;
begin
  for v_lease in
    select l.lease_id, l.occurrence_ids, l.claimed_at, l.progress, l.stopping, w.name as worker
    from jittask.lease l
    left join jittask.worker w on w.worker_id = l.worker_id
    where l.expires_at < p_now
    order by l.lease_id
    limit 1000
    for update of l skip locked
  loop
    for v_row in
      update jittask.due_queue q
      set lease_id = null,
          suspect = true,
          losses = q.losses + (cardinality(v_lease.occurrence_ids) = 1)::int,
          run_at = least(q.run_at, p_now)
      where q.occurrence_id = any (v_lease.occurrence_ids) and q.lease_id = v_lease.lease_id
      returning q.occurrence_id, q.attempt, q.losses
    loop
      v_count := v_count + 1;
      insert into jittask.run_attempt (
        occurrence_id, attempt, outcome, worker, started_at, finished_at, error
      )
      values (
        v_row.occurrence_id, v_row.attempt + 1, 'lost', v_lease.worker, v_lease.claimed_at, p_now,
        'the lease ran out: the worker died or could not reach the database'
          || coalesce('; progress ' || jittask.progress_text(v_lease.progress -> v_row.occurrence_id::text), '')
      );
      delete from jittask.running r where r.occurrence_id = v_row.occurrence_id;
      if v_row.occurrence_id = any (v_lease.stopping) then
        perform jittask.end_waiting(
          v_row.occurrence_id, 'cancelled', 'cancelled while it ran; its worker did not answer any more', 0, p_now
        );
      elsif v_row.losses >= 3 then
        perform jittask.end_waiting(
          v_row.occurrence_id, 'lost', 'three workers died while running it', 0, p_now
        );
      end if;
    end loop;
    delete from jittask.lease l where l.lease_id = v_lease.lease_id;
  end loop;
  if v_count > 0 then
    perform jittask.wake_workers(p_now);
  end if;
  return v_count;
end;
$$;
