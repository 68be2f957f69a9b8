-- Reports how a run ended, and ends its lease. False: a writer holds the row of the due queue and may wait for
-- what the run holds; so it is not waited for long, and the report is to be made once more, in a transaction
-- that holds nothing else. Locks: see finish and give_back.
-- Callers: run_claimed, call_claimed, run_database_functions.
create or replace function jittask.report_run(
  p_run jittask.database_run
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_iso constant text := 'YYYY-MM-DD HH24:MI:SS.US+00';
  v_ids bigint[] := array[p_run.occurrence_id];
  v_constraint text;
begin
  -- The transaction began with the run: by its clock, a retry would wait from then on.
  perform set_config('jittask.fake_now', to_char(clock_timestamp() at time zone 'UTC', v_iso), true),
    set_config('lock_timeout', '100ms', true);
  if p_run.outcome = 'given_back' then
    perform jittask.give_back(
      p_run.lease_id, p_run.token, v_ids,
      case when p_run.error is null then interval '1 second' else interval '30 seconds' end, p_run.error, true
    );
  else
    perform jittask.finish(
      p_run.lease_id, p_run.token, v_ids, array[p_run.started_us], array[p_run.finished_us],
      array[p_run.outcome], array[p_run.result], array[p_run.error], null, array[null::bigint], true
    );
  end if;
  return true;
exception
  when lock_not_available or deadlock_detected or serialization_failure then
    return false;
  when check_violation then
    -- Without the name of a constraint it is that of a partition, which was attached meanwhile.
    get stacked diagnostics v_constraint = constraint_name;
    if v_constraint <> '' then
      raise;
    end if;
    return false;
end;
$$;
