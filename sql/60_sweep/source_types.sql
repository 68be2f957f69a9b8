-- The types of columns as jittask.source_columns gives them, without names and numbers: what must be the
-- same for what is planned to be right still.
create or replace function jittask.source_types(
  p_columns jsonb
)
returns text[]
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(c.value ->> 1 order by c.value ->> 1) from jsonb_each(p_columns) c;
$$;
