-- Keeps a source table from being changed for the rest of the transaction, and sees to it that it is as its
-- tasks were compiled for: what was compiled for a type must not meet another one, whose casts may be the
-- user's. JT005 where it is not, until check_watch has followed. Waits for nobody: a table that is being
-- rewritten, perhaps for hours, fails with lock_not_available and is left to a later sweep.
-- Volatile, so that stable callers may lock. Locks: the table and its partitions, ACCESS SHARE.
create or replace function jittask.hold_source(
  p_watch jittask.watch
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('lock table %s in access share mode nowait', p_watch.source_table);
  if to_regclass(p_watch.source_table)::oid is distinct from p_watch.table_oid
     or exists (
       select from jsonb_each(p_watch.columns) c
       left join pg_attribute a on a.attrelid = p_watch.table_oid and a.attname = c.key and not a.attisdropped
       where a.attnum is null or a.atttypid::bigint <> (c.value ->> 2)::bigint
     ) then
    raise exception 'Table "%" was changed', p_watch.source_table
      using errcode = 'JT005', hint = 'The next sweep of a worker follows the change';
  end if;
end;
$$;
