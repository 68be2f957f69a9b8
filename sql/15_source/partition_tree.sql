-- A table and all its partitions, also those of partitions. Unlike pg_partition_tree it locks none, so that
-- one that is being changed keeps nobody waiting.
create or replace function jittask.partition_tree(
  p_table oid
)
returns setof oid
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with recursive tree as (
    select p_table as oid
    union all
    select i.inhrelid
    from tree t
    join pg_inherits i on i.inhparent = t.oid
  )
  select t.oid from tree t;
$$;
