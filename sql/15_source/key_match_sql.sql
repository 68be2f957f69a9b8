-- SQL condition over the row alias p_alias: it is the row whose canonical key text is p_key, an SQL
-- expression of type text. Written so that the index of the key serves it; enums alone are compared as
-- text, since their operator may resolve through a cast of the user's.
create or replace function jittask.key_match_sql(
  p_table       regclass,
  p_key_columns text[],
  p_alias       text,
  p_key         text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select '(' || string_agg(
           case t.family
             when 'enum' then
               format('pg_catalog.format(''%%s'', %s) operator(pg_catalog.=) %s', v.operand, v.value)
             when 'citext' then
               jittask.comparison_sql(v.operand, '=', v.value || t.constant_cast, t.family, t.base_type)
             when 'integer' then format('%s operator(pg_catalog.=) %s::pg_catalog.int8', v.operand, v.value)
             else format('%s operator(pg_catalog.=) %s%s', v.operand, v.value, t.constant_cast)
           end,
           ' and ' order by c.ordinality) || ')'
  from unnest(p_key_columns) with ordinality c (name, ordinality)
  cross join lateral jittask.key_column(p_table, c.name) t
  cross join lateral (
    select format('%I.%I%s', p_alias, c.name, t.row_cast) as operand,
           format('((%s)::pg_catalog.jsonb operator(pg_catalog.->>) %L::pg_catalog.text)', p_key, c.name) as value
  ) v;
$$;
