-- How a run ended whose function failed, from the parts of the error. What lies below the call in the context
-- is ours and left out. A right that the call itself lacked is no error of the function: the occurrence goes
-- back, with the reason, for others that have it. Caller: call_claimed.
create or replace function jittask.failed_run(
  p_run jittask.database_run,
  p_state text,
  p_message text,
  p_detail text,
  p_hint text,
  p_context text
)
returns jittask.database_run
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ours constant text :=
    'select pg_catalog\.count\(\*\), |set constraints all immediate|jittask\.call_(database_function|claimed)\(';
  v_context text := nullif(regexp_replace(p_context, '(^|\n)[^\n]*(' || v_ours || ').*', ''), '');
begin
  p_run.result := null;
  if p_state = '42501' and v_context is null then
    p_run.outcome := 'given_back';
    p_run.error := format('%s; let the owner grant it to "%s"', p_message, current_user);
    return p_run;
  end if;
  p_run.outcome := 'error';
  p_run.error := jittask.storable_text(concat_ws(
    E'\n', format('%s: %s', p_state, p_message), 'DETAIL: ' || nullif(p_detail, ''), 'HINT: ' || nullif(p_hint, ''),
    'CONTEXT: ' || v_context
  ));
  return p_run;
end;
$$;
