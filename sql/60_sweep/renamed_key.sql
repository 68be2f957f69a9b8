-- Canonical text of a key whose columns were renamed: p_renamed holds the new name of each old one.
create or replace function jittask.renamed_key(
  p_source_key text,
  p_renamed jsonb
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_object_agg(coalesce(p_renamed ->> k.key, k.key), k.value)::text
  from jsonb_each(p_source_key::jsonb) k;
$$;
