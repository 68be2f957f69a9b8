-- Makes a worker known and returns its id. A restarted process registers anew.
create or replace function jittask.register_worker(
  p_name text,
  p_host text,
  p_pid int,
  p_version text,
  p_queues text[] default null
)
returns bigint
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into jittask.worker (name, host, pid, version, queues)
  values (p_name, p_host, p_pid, p_version, p_queues)
  returning worker_id;
$$;
