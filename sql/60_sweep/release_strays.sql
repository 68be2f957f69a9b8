-- Sees to it that the triggers of a watch stand on its table alone: those of a table that another one took
-- the name of go, because its rows would be taken for those of the new one. And a new owner of the table
-- may use the trigger function (share_watch).
-- Locks: the stray table, ACCESS EXCLUSIVE, for 50 ms of waiting at most; if that fails, the next sweep tries.
create or replace function jittask.release_strays(
  p_watch jittask.watch,
  p_table regclass
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_statement text;
  v_timeout text := current_setting('lock_timeout');
begin
  perform jittask.share_watch(p_watch.function_name, p_table);
  for v_statement in
    select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
    from pg_trigger g
    join pg_proc p on p.oid = g.tgfoid
    where p.proname = p_watch.function_name
      and p.pronamespace = 'jittask'::regnamespace
      and g.tgparentid = 0
      and g.tgrelid <> p_table
  loop
    perform set_config('lock_timeout', '50ms', true);
    execute v_statement;
  end loop;
  perform set_config('lock_timeout', v_timeout, true);
exception
  when lock_not_available or insufficient_privilege then
    return;
end;
$$;
