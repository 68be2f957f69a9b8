-- The table of that name, schema.table as it is stored, or null. Unlike to_regclass it asks for no right on
-- the schema, so that whoever lacks one can be told so.
create or replace function jittask.named_table(
  p_source_table text
)
returns regclass
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select c.oid::regclass
  from parse_ident(p_source_table) i (name)
  join pg_namespace n on n.nspname = i.name[1]
  join pg_class c on c.relnamespace = n.oid and c.relname = i.name[2]
  where cardinality(i.name) = 2;
$$;
