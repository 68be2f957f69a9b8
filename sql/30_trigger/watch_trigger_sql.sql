-- The statements that make our triggers on a source table. No column lists and no WHEN: they would
-- make the user's own DROP COLUMN and ALTER TYPE fail. Where rows fire one by one (fires_per_row), the names
-- tell tables apart, because those of a partitioned table stand on its partitions too. Triggers that stand
-- already are replaced under the name they have.
create or replace function jittask.watch_trigger_sql(
  p_source_table text
)
returns table (statement text)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with trigger as (
    select e.no, e.event, e.referencing, w.function_name, w.replicated, jittask.fires_per_row(w) as per_row,
      coalesce(
        (
          select g.tgname::text
          from pg_trigger g
          join pg_proc p on p.oid = g.tgfoid
          where g.tgrelid = to_regclass(p_source_table)
            and g.tgparentid = 0
            and g.tgtype & e.bit <> 0
            and p.proname = w.function_name
            and p.pronamespace = 'jittask'::regnamespace
          order by g.tgname
          limit 1
        ),
        case
          when jittask.fires_per_row(w) then format('jittask_%s_%s', w.function_name, e.event)
          else format('jittask_watch_%s', e.event)
        end
      ) as name
    from jittask.watch w
    cross join (
      values
        (1, 'insert', 4, 'referencing new table as new_row'),
        (2, 'update', 16, 'referencing old table as old_row new table as new_row'),
        (3, 'delete', 8, 'referencing old table as old_row'),
        (4, 'truncate', 32, '')
    ) e (no, event, bit, referencing)
    where w.source_table = p_source_table
  )
  (select format(
    'create or replace trigger %I after %s on %s %s execute function jittask.%I()',
    t.name, t.event, p_source_table,
    case when t.per_row and t.event <> 'truncate' then 'for each row' else t.referencing || ' for each statement' end,
    t.function_name
  )
  from trigger t
  order by t.no)
  union all
  select format('alter table %s enable always trigger %I', p_source_table, t.name)
  from trigger t
  where t.replicated;
$$;
