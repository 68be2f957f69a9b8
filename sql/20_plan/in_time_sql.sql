-- Text of a condition over an alias with the columns of wanted_sql: it may be planned anew, because it
-- is not past by more than the grace, seen from the instant at which its row was written.
create or replace function jittask.in_time_sql(
  p_alias text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    '(%1$s.grace is null or %1$s.due_at operator(pg_catalog.>=) (%1$s.since_at operator(pg_catalog.-) %1$s.grace))',
    p_alias
  );
$$;
