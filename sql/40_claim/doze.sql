-- A worker found nothing due and is about to sleep: marks it, so that writers wake it, and returns
-- when something runs next, in microseconds; null = nothing is planned.
create or replace function jittask.doze(
  p_worker_id bigint,
  p_queues text[] default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_now timestamptz := jittask.now();
begin
  update jittask.worker w
  set sleeps = true
  where w.worker_id = p_worker_id and not w.sleeps;
  -- While it holds one that was lost before, others like it are kept from it: it looks again soon.
  if jittask.holds_suspect(p_worker_id) then
    return jittask.to_us(v_now + interval '10 milliseconds');
  end if;
  return jittask.to_us(jittask.next_run_at(v_now, p_queues));
end;
$$;
