-- Columns of a table for the hint of an error: the first 20, quoted; those of some types only where
-- p_families (see jittask.column_type) is given. "none" where there are none.
create or replace function jittask.column_list(
  p_table    regclass,
  p_families text[] default null
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(string_agg(format('"%s"', c.attname), ', ' order by c.attnum)
                  || case when max(c.total) > 20 then ', …' else '' end, 'none')
  from (
    select a.attname, a.attnum, count(*) over () as total
    from pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
      and (p_families is null or (jittask.column_type(p_table, a.attname)).family = any (p_families))
    order by a.attnum
    limit 20
  ) c;
$$;
