-- What a generated trigger function reads as "r" to see only the rows that an update changed in a
-- value that some task relies on. p_now: how it reads the rows as they are. Grouping rather than EXCEPT,
-- whose hash table would hold every row of the statement in memory.
create or replace function jittask.watch_changed_sql(
  p_watch jittask.watch,
  p_now text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    -- One row at a time, and watch_compare_sql has seen that it differs.
    when jittask.fires_per_row(p_watch) then p_now
    else format(
      '(select %1$s from (select true as jittask_new, %1$s from %2$s union all select false, %1$s from %3$s) r
        group by %1$s having pg_catalog.bool_and(r.jittask_new)) r',
      (select string_agg(format('r.%I', c.name), ', ' order by c.name) from jsonb_object_keys((p_watch).columns) c (name)),
      p_now, jittask.watch_relation_sql(p_watch, 'old')
    )
  end;
$$;
