-- Runs an occurrence that this session has claimed, in the caller's transaction. Where an outcome is left, the
-- report could not be made: after the commit, report_run makes it.
-- Locks: the lease row; then what the function locks; then those of the report. Caller: run_database_functions.
create or replace function jittask.run_claimed(
  p_run jittask.database_run
)
returns jittask.database_run
language plpgsql
volatile
security invoker
as $$
declare
  v_detail jsonb := coalesce(p_run.detail, '{}')::jsonb;
  v_lease record;
begin
  select h.held, h.stopping into v_lease from jittask.hold_lease(p_run, false) h;
  if not v_lease.held then
    return p_run;
  elsif v_lease.stopping then
    p_run.outcome := 'cancelled';
    p_run.error := 'cancelled before it ran';
  elsif v_detail ->> 'reread' is not null then
    p_run := jittask.reread_row(p_run, v_detail);
  end if;
  if p_run.outcome is null then
    return jittask.call_claimed(p_run, v_detail);
  end if;
  p_run.finished_us := jittask.to_us(pg_catalog.clock_timestamp());
  if jittask.report_run(p_run) then
    p_run.outcome := null;
  end if;
  return p_run;
end;
$$;
