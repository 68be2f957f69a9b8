-- How the rows of a watched table are read in the order of its key, chunk by chunk. ordering: for ORDER
-- BY; texts: expression of type text[] for the key of a row; condition: behind p_after and up to p_until
-- (such keys; null = no bound). The index of the key serves the condition, except where an enum stands in
-- it, or citext beside other columns. No cast and no check of the user's runs: see jittask.column_type.
-- Callers fix DateStyle, TimeZone and bytea_output.
create or replace function jittask.key_order(
  p_watch jittask.watch,
  p_alias text,
  p_after text[],
  p_until text[],
  out ordering text,
  out texts text,
  out condition text
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operator text;
begin
  select string_agg(k.operand, ', ' order by k.no),
    format('array[%s]', string_agg(format('pg_catalog.format(''%%s'', %s)', k.operand), ', ' order by k.no)),
    -- A row comparison takes its operators from one schema.
    case
      when bool_or(k.family = 'enum' or k.family = 'citext' and k.columns > 1) then null
      when min(k.family) = 'citext' then (
        select format('operator(%I.%%s)', n.nspname)
        from pg_type y
        join pg_namespace n on n.oid = y.typnamespace
        where y.oid = min(k.base_type::bigint)::oid
      )
      else 'operator(pg_catalog.%s)'
    end
  into ordering, texts, v_operator
  from (
    select c.no, t.family, t.base_type, cardinality(p_watch.key_columns) as columns,
      format('%I.%I%s', p_alias, c.name, t.row_cast) as operand
    from unnest(p_watch.key_columns) with ordinality c (name, no)
    cross join lateral jittask.key_column(p_watch.table_oid::regclass, c.name) t
  ) k;
  condition := concat_ws(
    ' and ',
    jittask.key_bound_sql(p_watch, p_alias, v_operator, '>', p_after),
    jittask.key_bound_sql(p_watch, p_alias, v_operator, '<=', p_until)
  );
  condition := coalesce(nullif(condition, ''), 'true');
end;
$$;
