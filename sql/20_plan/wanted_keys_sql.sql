-- Text of a select of the source keys of the rows of p_from (a relation expression whose alias r has the
-- columns of the table) that some of the given tasks wants something for, whenever; each row once.
create or replace function jittask.wanted_keys_sql(
  p_task_ids bigint[],
  p_from text,
  p_key_sql text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    'select %s as source_key from %s where coalesce(%s) is not null', p_key_sql, p_from,
    string_agg(jittask.matching_nominal_sql(p), ', ' order by p.task_id)
  )
  from jittask.plan p
  where p.task_id = any (p_task_ids);
$$;
