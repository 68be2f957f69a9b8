-- Looks at the catalogue for what users did to their tables: a renamed table or column is followed, one
-- that was dropped or retyped, or an absent table, marks its tasks broken with the reason, and what is
-- as it should be again heals. Triggers that no task needs go. Costs a look at the catalogue per table.
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
  for v_watch in select w.* from jittask.watch w where w.detached_at is null order by w.source_table loop
    if v_watch.idle_since < clock_timestamp() - interval '1 minute' then
      v_count := v_count + jittask.drop_idle_watch(v_watch)::int;
    else
      v_count := v_count + jittask.check_watch(v_watch)::int;
    end if;
  end loop;
  return v_count;
end;
$$;
