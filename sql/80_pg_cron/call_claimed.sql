-- Calls the function of a claimed occurrence and reports how it ended, so that what it wrote commits together
-- with the record. Where a writer holds the row of the due queue, the outcome is left to be reported after the
-- commit; of a transactional task the writes are taken back instead, and it runs again a second later.
-- It has the rights and the search_path of the session, hence no settings here. Caller: run_claimed.
create or replace function jittask.call_claimed(
  p_run jittask.database_run,
  p_detail jsonb
)
returns jittask.database_run
language plpgsql
volatile
security invoker
as $$
declare
  v_role text := pg_catalog.current_setting('role');
  v_state text;
  v_message text;
  v_detail text;
  v_hint text;
  v_context text;
begin
  p_run.started_us := jittask.to_us(pg_catalog.clock_timestamp());
  begin
    begin
      p_run.result := jittask.call_database_function(
        p_run.handler, case when p_detail ->> 'kind' = 'date_field' then p_run.source_key end, p_run.args
      );
      set constraints all immediate;
      p_run.outcome := 'completed';
    exception
      when others or assert_failure then
        get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
          v_detail = pg_exception_detail, v_hint = pg_exception_hint, v_context = pg_exception_context;
        p_run := jittask.failed_run(p_run, v_state, v_message, v_detail, v_hint, v_context);
    end;
    -- The function may have taken another one, and the report needs ours.
    perform pg_catalog.set_config('role', v_role, false);
    p_run.finished_us := jittask.to_us(pg_catalog.clock_timestamp());
    if jittask.report_run(p_run) then
      p_run.outcome := null;
    elsif p_run.outcome = 'completed' and (p_detail -> 'transactional')::bool then
      raise transaction_rollback;
    end if;
    return p_run;
  exception
    when transaction_rollback then
      p_run.outcome := 'given_back';
      return p_run;
    when query_canceled then
      v_message := sqlerrm;
  end;
  -- Whoever asked it to end asks again until the lease is locked.
  loop
    begin
      p_run := jittask.stopped_run(p_run, p_detail, v_message);
      exit;
    exception
      when query_canceled then null;
    end;
  end loop;
  if jittask.report_run(p_run) then
    p_run.outcome := null;
  end if;
  return p_run;
end;
$$;
