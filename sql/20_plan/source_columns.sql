-- The columns of a source table that its tasks rely on, with number and type, as the catalogue has them:
-- {"name": [attnum, "type", oid of the type]}
create or replace function jittask.source_columns(
  p_source_table text,
  p_key_columns text[]
)
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    jsonb_object_agg(a.attname, jsonb_build_array(a.attnum, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint)),
    '{}'
  )
  from pg_attribute a
  where a.attrelid = jittask.named_table(p_source_table)
    and a.attnum > 0
    and not a.attisdropped
    and a.attname = any (jittask.relied_columns(p_source_table, p_key_columns));
$$;
