-- Workers that were not heard of for five minutes and hold nothing, by the wall clock.
create or replace function jittask.forget_workers()
returns int
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count int;
begin
  update jittask.worker w
  set sleeps = false
  where w.sleeps and w.seen_at < clock_timestamp() - interval '1 minute';
  delete from jittask.worker w
  where w.seen_at < clock_timestamp() - interval '5 minutes'
    and not exists (select from jittask.lease l where l.worker_id = w.worker_id);
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
