-- How a run ended whose query was cancelled: because somebody asked for it, because of its timeout, or for a
-- reason that nobody told us. Locks: the lease row, so that nobody stops it once more. Caller: call_claimed.
create or replace function jittask.stopped_run(
  p_run jittask.database_run,
  p_detail jsonb,
  p_message text
)
returns jittask.database_run
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout_us bigint := p_detail -> 'timeout_us';
  v_lease record;
begin
  select h.stopping, h.claimed_at into v_lease from jittask.hold_lease(p_run, true) h;
  p_run.result := null;
  p_run.finished_us := jittask.to_us(clock_timestamp());
  if v_lease.stopping then
    p_run.outcome := 'cancelled';
    p_run.error := 'cancelled while it ran';
  elsif p_run.finished_us - jittask.to_us(v_lease.claimed_at) >= v_timeout_us then
    p_run.outcome := 'timed_out';
    p_run.error := format('ran longer than its timeout of %s s', trim_scale(v_timeout_us / 1000000.0));
  else
    p_run.outcome := 'error';
    p_run.error := format('57014: %s', p_message);
  end if;
  return p_run;
end;
$$;
