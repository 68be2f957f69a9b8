-- A name from a title: lower case, letters and digits kept in any script, the rest as "_"; cut where
-- it gets longer than a name that people read.
create or replace function jittask.slug(
  p_title text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(nullif(btrim(left(btrim(regexp_replace(lower(p_title), '[^[:alnum:]]+', '_', 'g'), '_'), 100), '_'), ''), 'task');
$$;
