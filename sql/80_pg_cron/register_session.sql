-- Makes this session known as a worker that runs functions of the database, and returns its id. As any worker
-- it refuses a clock that stands. Caller: run_database_functions.
create or replace function jittask.register_session(
  p_queues text[] default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fake_now text := current_setting('jittask.fake_now', true);
  v_worker_id bigint;
begin
  if v_fake_now <> '' then
    raise exception 'The clock of this session is fixed: jittask.fake_now is "%"', v_fake_now
      using errcode = 'JT007', hint = 'Take the setting out of the session, the role and the database';
  end if;
  v_worker_id := jittask.register_worker(
    format('database:%s', pg_backend_pid()), coalesce(host(inet_server_addr()), 'localhost'), pg_backend_pid(),
    format('schema %s', (select max(m.version) from jittask.migration m)), p_queues
  );
  update jittask.worker w set in_database = true where w.worker_id = v_worker_id;
  return v_worker_id;
end;
$$;
