-- SQL expression over the row alias p_alias for the canonical key text of a row: what jsonb::text gives
-- for the object of its key columns, {"id": 7}, in the order that jsonb keeps (shorter names first,
-- then by bytes). The same in every session, and the same for keys that the key's index calls equal.
create or replace function jittask.key_sql(
  p_table       regclass,
  p_key_columns text[],
  p_alias       text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with part as (
    select row_number() over (order by octet_length(c.name), c.name collate "C") as n,
           to_json(c.name)::text || ': ' || k.opening as before, k.expression, k.closing
    from unnest(p_key_columns) c (name)
    cross join lateral jittask.key_column(p_table, c.name) t
    cross join lateral jittask.key_part(t.family, format('%I.%I%s', p_alias, c.name, t.row_cast)) k
  ),
  joined as (
    select p.n, p.expression, case when p.n = 1 then '{' else lag(p.closing) over w || ', ' end || p.before as before,
           case when lead(p.n) over w is null then p.closing || '}' end as after
    from part p
    window w as (order by p.n)
  )
  select '(' || string_agg(
           quote_literal(j.before) || '::pg_catalog.text operator(pg_catalog.||) ' || j.expression
             || coalesce(' operator(pg_catalog.||) ' || quote_literal(j.after) || '::pg_catalog.text', ''),
           ' operator(pg_catalog.||) ' order by j.n) || ')'
  from joined j;
$$;
