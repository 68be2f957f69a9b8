-- Makes a worker known and returns its id. A restarted process registers anew. The moment at which a
-- new zone database of the server is noticed: servers take one in by a restart, and so do workers.
-- After it history has a partition for today: no report of the worker meets one that is being attached.
create or replace function jittask.register_worker(
  p_name text,
  p_host text,
  p_pid int,
  p_version text,
  p_queues text[] default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_worker_id bigint;
begin
  perform jittask.check_zones();
  perform jittask.make_partitions();
  insert into jittask.worker (name, host, pid, version, queues)
  values (p_name, p_host, p_pid, p_version, p_queues)
  returning worker_id into v_worker_id;
  return v_worker_id;
end;
$$;
