-- Names of the columns that the tasks of a source table rely on: keys, dates, ends and fields of filters.
create or replace function jittask.relied_columns(
  p_source_table text,
  p_key_columns text[]
)
returns text[]
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select unnest(p_key_columns)
    union
    select c.name
    from jittask.task t
    cross join lateral (
      values (t.date_field), (t.end_field)
      union all
      select f.name from unnest(jittask.filter_columns(t.filter)) f (name)
    ) c (name)
    where t.source_table = p_source_table and t.paused_at is null and c.name is not null
    order by 1
  );
$$;
