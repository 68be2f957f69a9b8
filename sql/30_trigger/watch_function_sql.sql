-- The frame of every generated trigger function. Security definer: the writing role needs no right
-- on jittask. pg_catalog, pg_temp as search_path: an empty one lets a temporary type hijack it.
create or replace function jittask.watch_function_sql(
  p_function_name text,
  p_body text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
create or replace function jittask.%I()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
set enable_seqscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as %L
    $sql$,
    p_function_name,
    'declare
  v_now pg_catalog.timestamptz;
  v_soon_at pg_catalog.timestamptz;
  v_near_at pg_catalog.timestamptz;
  v_careful pg_catalog.bool := false;
  v_same_keys pg_catalog.bool;
  v_first_at pg_catalog.timestamptz;
  v_series_at pg_catalog.timestamptz;
  v_count pg_catalog.int8;
begin
' || p_body || '
end;'
  );
$$;
