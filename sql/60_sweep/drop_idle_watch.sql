-- Takes our triggers off a table that no task uses, if that needs no waiting: true when it was done.
-- A table that paused tasks name is still known afterwards; resuming makes the triggers again.
-- Locks: the table, ACCESS EXCLUSIVE, for 50 ms of waiting at most.
create or replace function jittask.drop_idle_watch(
  p_watch jittask.watch
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
  v_trigger text;
begin
  if exists (
    select from jittask.task t where t.source_table = p_watch.source_table and t.paused_at is null
  ) then
    return false;
  end if;
  for v_trigger in
    select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
    from pg_trigger g
    where g.tgrelid = to_regclass(p_watch.source_table)
      and g.tgname like 'jittask\_watch\_%'
      and g.tgparentid = 0
    order by g.tgname
  loop
    execute v_trigger;
  end loop;
  if not exists (select from jittask.task t where t.source_table = p_watch.source_table) then
    perform jittask.forget_watch(p_watch.source_table);
    return true;
  end if;
  return v_trigger is not null;
exception
  when lock_not_available or insufficient_privilege then
    return false;
end;
$$;
