-- Whether the triggers of a source table are row triggers: a statement trigger of a partitioned table
-- misses writes that name a partition, and logical replication fires no statement triggers.
create or replace function jittask.fires_per_row(
  p_watch jittask.watch
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select (p_watch).replicated or exists (
    select from pg_class c where c.oid = (p_watch).table_oid and c.relkind = 'p'
  );
$$;
