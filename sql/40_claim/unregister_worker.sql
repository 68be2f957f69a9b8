-- A worker says good-bye. Leases that it still holds are taken back at once, as losses.
create or replace function jittask.unregister_worker(
  p_worker_id bigint
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update jittask.lease l
  set expires_at = '-infinity'
  where l.worker_id = p_worker_id;
  delete from jittask.worker w where w.worker_id = p_worker_id;
end;
$$;
