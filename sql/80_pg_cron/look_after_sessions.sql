-- For the sessions of the database that run functions: hears of those that are busy for long, and answers which
-- ones are to be stopped, because their run is cancelled or over its timeout, and since when they must exist.
-- Locks: lease rows, skip locked, so that such a run cannot report before the caller has committed: what is meant
-- for it reaches no other. Caller: keep_sweeping.
create or replace function jittask.look_after_sessions()
returns table (pid int, claimed_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  update jittask.worker w
  set seen_at = clock_timestamp()
  from pg_stat_activity a
  where w.in_database
    and w.seen_at < clock_timestamp() - interval '10 seconds'
    and a.pid = w.pid
    and a.datname = current_database();
  return query
  select w.pid, l.claimed_at
  from jittask.lease l
  join jittask.worker w on w.worker_id = l.worker_id and w.in_database
  join jittask.due_queue q on q.occurrence_id = l.occurrence_ids[1] and q.lease_id = l.lease_id
  left join jittask.task t on t.task_id = q.task_id
  where q.occurrence_id = any (l.stopping)
     or l.claimed_at + coalesce(t.timeout, q.timeout) < clock_timestamp()
  for no key update of l skip locked;
end;
$$;
