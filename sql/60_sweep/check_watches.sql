-- Looks at the catalogue for what users did to their tables: a renamed table or column is followed, one
-- that was dropped or retyped, or an absent table, marks its tasks broken with the reason, and what is
-- as it should be again heals. Triggers that no task needs go. Costs a look at the catalogue per table.
-- What goes wrong with one table is noted with it, and keeps nothing else from being looked after.
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
    begin
      if v_watch.idle_since < clock_timestamp() - interval '1 minute' then
        v_count := v_count + jittask.drop_idle_watch(v_watch)::int;
      else
        v_count := v_count + jittask.check_watch(v_watch)::int;
      end if;
    exception
      -- Held at this moment: the next sweep looks again.
      when transaction_rollback or object_not_in_prerequisite_state then null;
      when integrity_constraint_violation or syntax_error_or_access_rule_violation or data_exception
        or sqlstate 'JT001' or sqlstate 'JT004' or sqlstate 'JT005' then
        update jittask.watch w
        set broken = sqlerrm, broken_at = coalesce(w.broken_at, jittask.now())
        where w.source_table = v_watch.source_table and w.broken is distinct from sqlerrm;
    end;
  end loop;
  return v_count;
end;
$$;
