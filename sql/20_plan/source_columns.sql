-- The columns of a source table that its tasks rely on, with number and type: keys, dates, ends and
-- fields of filters. {"name": [attnum, "type"]}
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
    jsonb_object_agg(a.attname, jsonb_build_array(a.attnum, format_type(a.atttypid, a.atttypmod))),
    '{}'
  )
  from pg_attribute a
  where a.attrelid = to_regclass(p_source_table)
    and a.attnum > 0
    and not a.attisdropped
    and (
      a.attname = any (p_key_columns)
      or exists (
        select from jittask.task t
        where t.source_table = p_source_table
          and t.paused_at is null
          and (a.attname in (t.date_field, t.end_field)
               or a.attname = any (jittask.filter_columns(t.filter)))
      )
    );
$$;
