-- The unique indexes of a table that tell its rows apart, in order of preference: usable ones first,
-- then the primary key, then the fewest columns. refusal: why one cannot serve, with its hint. Partial
-- indexes, those over expressions or nullable columns are left out.
create or replace function jittask.table_key(
  p_table regclass
)
returns table (key_columns text[], refusal text, hint text, preference bigint)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with candidate as (
    select i.indexrelid, i.indisprimary, i.indimmediate, i.indisvalid, i.indnkeyatts, k.*
    from pg_index i
    cross join lateral (
      select array_agg(a.attname::text order by n) as key_columns,
             -- Postgres 18 marks a column before its not-null constraint is validated.
             bool_and(a.attnotnull and not exists (
               select from pg_constraint c
               where c.conrelid = a.attrelid and c.contype = 'n' and c.conkey[1] = a.attnum and not c.convalidated
             )) as is_not_null,
             bool_and(i.indcollation[n - 1] = a.attcollation) as has_own_collations,
             min(a.attname) filter (
               where t.family <> all (jittask.key_families())
             ) as refused_column
      from generate_series(1, i.indnkeyatts) n
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[n - 1]
      cross join lateral jittask.column_type(p_table, a.attname) t
    ) k
    where i.indrelid = p_table and i.indisunique and i.indpred is null and i.indexprs is null
      and k.is_not_null and k.has_own_collations
  ),
  judged as (
    select c.*,
           case
             when not c.indimmediate then format('its unique index "%s" is deferrable', n.relname)
             when not c.indisvalid then format('its unique index "%s" is not valid', n.relname)
             when c.refused_column is not null then
               format('its key column "%s" is of type "%s"', c.refused_column,
                      (jittask.column_type(p_table, c.refused_column)).type_name)
           end as refusal,
           case
             when not c.indimmediate then 'Make the key not deferrable, or add a unique index over not-null columns'
             when not c.indisvalid then format('Build it anew: REINDEX INDEX %s', c.indexrelid::regclass)
             when c.refused_column is not null then
               'Add a unique index over not-null columns of integer, text, uuid, date, time, timestamp, boolean, '
               'numeric, bytea or enum types'
           end as hint,
           n.relname
    from candidate c
    join pg_class n on n.oid = c.indexrelid
  )
  select j.key_columns, j.refusal, j.hint,
         row_number() over (order by j.refusal is not null, j.indisprimary desc, j.indnkeyatts, j.relname)
  from judged j;
$$;
