-- The statements that make our triggers on a source table. No column lists and no WHEN: they would
-- make the user's own DROP COLUMN and ALTER TYPE fail. Partitioned tables get row triggers, which
-- their partitions inherit; a statement trigger there misses writes that name a partition.
create or replace function jittask.watch_trigger_sql(
  p_source_table text
)
returns table (statement text)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  (select case
    when jittask.fires_per_row(w) and e.event <> 'truncate' then format(
      'create or replace trigger jittask_watch_%s after %s on %s for each row execute function jittask.%I()',
      e.event, e.event, p_source_table, w.function_name
    )
    else format(
      'create or replace trigger jittask_watch_%s after %s on %s %s for each statement execute function jittask.%I()',
      e.event, e.event, p_source_table, e.referencing, w.function_name
    )
  end
  from jittask.watch w
  join pg_class c on c.oid = to_regclass(p_source_table)
  cross join (
    values
      (1, 'insert', 'referencing new table as new_row'),
      (2, 'update', 'referencing old table as old_row new table as new_row'),
      (3, 'delete', 'referencing old table as old_row'),
      (4, 'truncate', '')
  ) e (no, event, referencing)
  where w.source_table = p_source_table
  order by e.no)
  union all
  select format('alter table %s enable always trigger jittask_watch_%s', p_source_table, e.event)
  from jittask.watch w
  cross join (values ('insert'), ('update'), ('delete'), ('truncate')) e (event)
  where w.source_table = p_source_table and w.replicated;
$$;
