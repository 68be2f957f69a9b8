-- A worker gives claimed occurrences back, unrun: at a shutdown, for an unknown handler, for a right
-- that it lacks. Counts as no attempt; they wait at least p_delay. Returns how many were still its own.
-- Locks: the lease row, then queue rows.
create or replace function jittask.give_back(
  p_lease_id bigint,
  p_token bigint,
  p_occurrence_ids bigint[],
  p_delay interval default '0',
  p_reason text default null,
  p_ends_lease bool default false
)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_now timestamptz := jittask.now();
  v_ids bigint[];
  v_worker text;
begin
  select w.name into v_worker
  from jittask.lease l
  left join jittask.worker w on w.worker_id = l.worker_id
  where l.lease_id = p_lease_id and l.token = p_token
  for update of l;
  if not found then
    return 0;
  end if;
  with given as (
    update jittask.due_queue q
    set lease_id = null,
        run_at = case when p_delay > interval '0' then v_now + p_delay else q.run_at end
    where q.occurrence_id = any (p_occurrence_ids) and q.lease_id = p_lease_id
    returning q.occurrence_id, q.attempt
  ), noted as (
    insert into jittask.run_attempt (occurrence_id, attempt, outcome, worker, finished_at, error)
    select g.occurrence_id, g.attempt + 1, 'released', v_worker, v_now, p_reason
    from given g
    where p_reason is not null
  )
  select coalesce(array_agg(g.occurrence_id), '{}') into v_ids from given g;
  delete from jittask.running r where r.occurrence_id = any (v_ids);
  if p_ends_lease then
    delete from jittask.lease l where l.lease_id = p_lease_id;
  end if;
  return cardinality(v_ids);
end;
$$;
