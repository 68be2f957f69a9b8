-- Extends all leases of a worker and marks it seen. A lease missing from the answer is lost: what
-- the worker does under it no longer counts. stopping: occurrences whose run it is asked to end.
create or replace function jittask.renew(
  p_worker_id bigint
)
returns table (lease_id bigint, stopping bigint[])
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  update jittask.worker w set seen_at = clock_timestamp() where w.worker_id = p_worker_id;
  return query
  update jittask.lease l
  set expires_at = jittask.now() + s.value::interval
  from jittask.setting s
  where l.worker_id = p_worker_id and s.name = 'lease_duration'
  returning l.lease_id, l.stopping;
end;
$$;
