-- Part of a generated trigger function: the columns of p_alias that tasks rely on, which have to be of the
-- types that the tasks were compiled for. A cast of the user's must never run with our rights, and one that
-- came with another type would. The type is shown by an element of an empty array, as a domain may refuse
-- null.
create or replace function jittask.watch_columns_sql(
  p_watch jittask.watch,
  p_alias text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(
    format(
      'jittask.of_type(%1$I.%2$I, %3$s) as %2$I', p_alias, c.name,
      case when t.typarray <> 0 then format('(''{}''::%s)[1]', format_type(t.typarray, null)) else format('null::%s', format_type(c.type, null)) end
    ),
    ', ' order by c.name
  )
  from (
    select e.key as name, coalesce((e.value ->> 2)::oid, to_regtype(e.value ->> 1)::oid) as type
    from jsonb_each((p_watch).columns) e
  ) c
  left join pg_type t on t.oid = c.type;
$$;
