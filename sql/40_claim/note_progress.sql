-- Keeps how far the runs of some leases have come, for their records: one JSON object a lease, by
-- occurrence id. Proves by lease and token that they are still the caller's; returns how many were.
-- Locks: the lease rows. Caller: workers, once a second at most.
create or replace function jittask.note_progress(
  p_lease_ids bigint[],
  p_tokens bigint[],
  p_progress text[]
)
returns int
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count int;
begin
  update jittask.lease l
  set progress = n.progress::jsonb
  from unnest(p_lease_ids, p_tokens, p_progress) n (lease_id, token, progress)
  where l.lease_id = n.lease_id and l.token = n.token;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
