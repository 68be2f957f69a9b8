-- Looks at the catalogue for what users did to their tables: a renamed column is followed, one that
-- was dropped or retyped, or an absent table, marks its tasks broken with the reason, and what is as
-- it should be again heals. Costs a look at the catalogue per watched table.
create or replace function jittask.check_watches()
returns int
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch jittask.watch;
  v_count int := 0;
begin
  for v_watch in select w.* from jittask.watch w order by w.source_table loop
    v_count := v_count + jittask.check_watch(v_watch)::int;
  end loop;
  return v_count;
end;
$$;
