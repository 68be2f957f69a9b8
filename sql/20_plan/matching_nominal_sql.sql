-- Expression over the row alias r for the nominal instant that a row gives a task; null where its filter
-- is not true.
create or replace function jittask.matching_nominal_sql(
  p_plan jittask.plan
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (p_plan).filter_sql is null then (p_plan).nominal_sql
    else format('case when %s then %s end', (p_plan).filter_sql, (p_plan).nominal_sql)
  end;
$$;
