-- Calls a function of the database, f(args), for a source row f(source_key, args); what it returns, as JSON
-- text: void as null, several rows as an array, cut where a worker would cut it. The function runs with the
-- rights and the search_path of the session, hence no settings here. Caller: call_claimed.
create or replace function jittask.call_database_function(
  p_handler text,
  p_source_key text,
  p_args text
)
returns text
language plpgsql
volatile
security invoker
as $$
declare
  v_limit constant int := 65536;
  v_name text[];
  v_count bigint;
  v_results jsonb;
  v_result text;
begin
  begin
    v_name := pg_catalog.parse_ident(pg_catalog.substr(p_handler, 5));
  exception
    when invalid_parameter_value then v_name := '{}';
  end;
  if pg_catalog.cardinality(v_name) not between 1 and 2 then
    raise exception 'handler is "%", which names no function of the database', pg_catalog.left(p_handler, 80)
      using errcode = 'JT001', hint = 'Write sql:schema.function';
  end if;
  -- The subquery is kept apart by its offset, so that the function is called once a row.
  execute pg_catalog.format(
    'select pg_catalog.count(*), pg_catalog.jsonb_agg(case when pg_catalog.pg_typeof(f.result) '
    'operator(pg_catalog.<>) ''pg_catalog.void''::pg_catalog.regtype '
    'then pg_catalog.to_jsonb(f) operator(pg_catalog.->) ''result'' end) from (select %s(%s) as result offset 0) f',
    pg_catalog.format(case when v_name[2] is null then '%I' else '%I.%I' end, v_name[1], v_name[2]),
    case when p_source_key is null then '$2' else '$1, $2' end
  )
  into v_count, v_results
  using p_source_key::jsonb, coalesce(p_args, '{}')::jsonb;
  v_result := case when v_count = 1 then v_results -> 0 else v_results end;
  if pg_catalog.length(v_result) > v_limit then
    return pg_catalog.to_jsonb(
      pg_catalog.format('%s… (cut: %s characters)', pg_catalog.left(v_result, v_limit), pg_catalog.length(v_result))
    );
  end if;
  return nullif(v_result, 'null');
end;
$$;
