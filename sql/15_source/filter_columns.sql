-- Names of the columns that a filter uses, sorted, each once; empty for null. JT001 for a filter of
-- unknown shape; the columns need not exist. The watch keeps an eye on what this names.
create or replace function jittask.filter_columns(
  p_filter jsonb
)
returns text[]
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct f.name collate "C" order by f.name collate "C"), '{}')
  from jittask.filter_conditions(jittask.filter_form(p_filter)) c
  cross join lateral unnest(c.columns) f (name)
  where p_filter is not null;
$$;
