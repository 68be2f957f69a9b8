-- Why a relation cannot be watched whatever its columns are, and the way out; nulls where it can.
create or replace function jittask.table_refusal(
  p_table    regclass,
  out reason text,
  out hint   text
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
           when c.oid is null then 'it does not exist'
           when c.relkind in ('v', 'm') then 'it is a ' || case c.relkind when 'm' then 'materialized ' else '' end || 'view'
           when c.relkind = 'f' then 'it is a foreign table'
           when c.relkind not in ('r', 'p') then 'it is not a table'
           when c.relpersistence = 't' then 'it is a temporary table'
           when c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) then
             'it is a system table'
           when c.relnamespace = to_regnamespace('jittask') then 'it is a table of jittask_pg itself'
           when c.relispartition then format('it is a partition of "%s"', i.parent)
           when i.parent is not null then format('it inherits from "%s"', i.parent)
           when i.child is not null then format('"%s" inherits from it', i.child)
         end,
         case
           when c.oid is null then 'Name the table as schema.table'
           when c.relkind in ('v', 'm') then 'Watch a table that the view reads'
           when c.relkind = 'f' then 'Run jittask_pg in the database that the table lives in'
           when c.relkind not in ('r', 'p') then 'Name an ordinary or partitioned table'
           when c.relpersistence = 't' then 'Create the table without TEMPORARY'
           when c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
                                   to_regnamespace('jittask')) then 'Name a table of your own'
           when c.relispartition then format('Watch "%s"', i.topmost)
           when i.parent is not null or i.child is not null then
             'Use a partitioned table, or end the inheritance with ALTER TABLE … NO INHERIT'
         end
  from (values (p_table)) t (oid)
  left join pg_class c on c.oid = t.oid
  cross join lateral (
    select (select min(h.inhparent::regclass::text) from pg_inherits h where h.inhrelid = c.oid) as parent,
           (select min(h.inhrelid::regclass::text) from pg_inherits h
            where h.inhparent = c.oid and c.relkind = 'r') as child,
           pg_partition_root(c.oid) as topmost
  ) i;
$$;
