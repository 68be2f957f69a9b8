-- Claims one due occurrence whose function is in the database; a row of nulls where there is none, or where
-- somebody was in the way. p_after_*: watermark, see lock_due. The commit is not waited for: a claim that a
-- crash of the server takes back was never finished, and is made again.
-- Locks: see claim. Caller: run_database_functions.
create or replace function jittask.claim_database_run(
  p_worker_id bigint,
  p_queues text[],
  p_after_run_us bigint default null,
  p_after_id bigint default null
)
returns jittask.database_run
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run jittask.database_run;
begin
  perform set_config('synchronous_commit', 'off', true);
  select c.occurrence_id, c.lease_id, c.token, c.run_us, c.handler, c.args, c.source_key, c.nominal_us, c.detail,
    null::bigint, null::bigint, null::text, null::text, null::text
  into v_run
  from jittask.claim(
    p_worker_id, 1, p_queues, p_after_run_us, p_after_id, p_inline => true, p_in_database => true
  ) c;
  return v_run;
exception
  when lock_not_available or deadlock_detected or serialization_failure then
    return null;
end;
$$;
