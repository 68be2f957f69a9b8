-- Reads the source row of a run again, with the rights of the session, hence no settings here. Where it is
-- gone, no longer matches or names another date, and where it cannot be read, the run gets its outcome.
-- Caller: run_claimed.
create or replace function jittask.reread_row(
  p_run jittask.database_run,
  p_detail jsonb
)
returns jittask.database_run
language plpgsql
volatile
security invoker
as $$
declare
  v_table text := p_detail ->> 'source_table';
  v_no bigint;
  v_verdict text;
begin
  -- What follows these two is the row, which the function is not given.
  execute p_detail ->> 'reread' into v_no, v_verdict using array[p_run.source_key], array[p_run.nominal_us];
  if v_no is null and pg_catalog.row_security_active(pg_catalog.to_regclass(v_table)) then
    p_run.outcome := 'given_back';
    p_run.error := pg_catalog.format(
      'row-level security may hide rows of %s; let a superuser run: alter role "%s" bypassrls', v_table, current_user
    );
    return p_run;
  end if;
  p_run.error := case when v_no is null then 'the row is gone' else v_verdict end;
  p_run.outcome := case when p_run.error is not null then 'skipped' end;
  return p_run;
exception
  when insufficient_privilege then
    p_run.outcome := 'given_back';
    p_run.error := pg_catalog.format(
      '%s; let the owner run: grant %s to "%s"', sqlerrm,
      case
        when sqlerrm like '%schema%'
          then pg_catalog.format('usage on schema %s', pg_catalog.regexp_replace(v_table, '\.[^.]*$', ''))
        else pg_catalog.format('select on %s', v_table)
      end,
      current_user
    );
    return p_run;
  when undefined_table or undefined_column or undefined_function or invalid_schema_name then
    p_run.outcome := 'given_back';
    p_run.error := pg_catalog.format('the rows of %s cannot be read: %s', v_table, sqlerrm);
    return p_run;
  when others then
    p_run.outcome := 'error';
    p_run.error := jittask.storable_text('The row cannot be read: ' || sqlerrm);
    p_run.started_us := jittask.to_us(pg_catalog.clock_timestamp());
    return p_run;
end;
$$;
