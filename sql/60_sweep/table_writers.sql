-- The transactions of others that hold the lock of writers on a table or one of its partitions, by their
-- virtual ids: "-1/…" is a prepared one. Caller: await_writers.
create or replace function jittask.table_writers(
  p_table oid
)
returns text[]
language sql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct l.virtualtransaction order by l.virtualtransaction), '{}')
  from pg_locks l
  where l.locktype = 'relation'
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and l.relation in (select t.oid from jittask.partition_tree(p_table) t (oid))
    and l.mode = 'RowExclusiveLock'
    and l.pid is distinct from pg_backend_pid();
$$;
