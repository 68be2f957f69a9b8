-- What a generated trigger function reads as "r" for the rows as the statement left them: its new images, or,
-- where something may have changed these since, the rows of the table. p_careful: see watch_events_sql.
create or replace function jittask.watch_rows_sql(
  p_watch jittask.watch,
  p_careful bool
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jittask.watch_relation_sql(p_watch, case when p_careful or (p_watch).reads_current then 'current' else 'new' end);
$$;
