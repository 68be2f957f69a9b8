-- Refuses a handler of the form sql:schema.function that no worker could call: no name, or no such
-- function of f(args jsonb), for date-field tasks f(source_key jsonb, args jsonb). A name without a
-- schema is found, or not, by the search_path of the worker. No locks. Caller: the task's first trigger.
create or replace function jittask.check_database_function(
  p_handler text,
  p_takes_row bool
)
returns void
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := substr(p_handler, 5);
  v_parts text[];
  v_parameters text := case when p_takes_row then 'source_key jsonb, args jsonb' else 'args jsonb' end;
  v_count int := 1 + p_takes_row::int;
begin
  begin
    v_parts := parse_ident(v_name);
  exception
    when invalid_parameter_value then v_parts := '{}';
  end;
  if cardinality(v_parts) not between 1 and 2 then
    raise exception 'handler is "%", which names no function of the database', left(p_handler, 80)
      using errcode = 'JT001', hint = 'Write sql:schema.function';
  elsif cardinality(v_parts) = 2 and not exists (
    select from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = v_parts[1]
      and p.proname = v_parts[2]
      and p.prokind = 'f'
      and (p.provariadic <> 0 or v_count between p.pronargs - p.pronargdefaults and p.pronargs)
  ) then
    raise exception 'handler is "%", but there is no function %(%)', left(p_handler, 80), v_name, v_parameters
      using errcode = 'JT001', hint = format('Create it first: create function %s(%s) …', v_name, v_parameters);
  end if;
end;
$$;
