-- Whether all our triggers stand on a source table as they should: one for each event, a row trigger where
-- rows fire one by one.
create or replace function jittask.watch_stands(
  p_watch jittask.watch,
  p_table regclass
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select count(*) = 4
  from (values (4), (8), (16), (32)) e (bit)
  where exists (
    select from pg_trigger g
    join pg_proc p on p.oid = g.tgfoid
    where g.tgrelid = p_table
      and g.tgparentid = 0
      and g.tgtype & e.bit <> 0
      and (e.bit = 32 or (g.tgtype & 1 = 1) = jittask.fires_per_row(p_watch))
      and p.proname = (p_watch).function_name
      and p.pronamespace = 'jittask'::regnamespace
  );
$$;
