-- Takes our triggers off a source table at once; refused while tasks that are not paused watch it, unless
-- p_keep says that these stay: until attach_table, writes are not seen then, and the sweep leaves it so.
-- Runs as the caller: dropping triggers needs the table's owner. Locks: the table, ACCESS EXCLUSIVE,
-- for at most one second of waiting.
create or replace function jittask.detach_table(
  p_source_table text,
  p_keep bool default false
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_trigger text;
  v_timeout text := current_setting('lock_timeout');
begin
  if jittask.named_table(p_source_table) is null
     and not exists (select from jittask.watch w where w.source_table = p_source_table) then
    raise exception 'Table "%" does not exist', p_source_table
      using errcode = 'JT005', hint = 'Name the table as schema.table';
  end if;
  perform set_config('lock_timeout', '1s', true);
  -- Triggers of partitions go with that of their parent.
  for v_trigger in
    select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
    from pg_trigger g
    where g.tgrelid = to_regclass(p_source_table)
      and g.tgname like 'jittask\_watch\_%'
      and g.tgparentid = 0
    order by g.tgname
  loop
    execute v_trigger;
  end loop;
  if p_keep then
    perform jittask.keep_detached(p_source_table);
  else
    perform jittask.forget_watch(p_source_table);
  end if;
  perform set_config('lock_timeout', v_timeout, true);
exception
  when lock_not_available then
    raise exception 'Table "%" is in use and could not be locked within 1s', p_source_table
      using errcode = 'JT003',
            detail = jittask.lock_holders(p_source_table),
            hint = 'Try again when the transactions above have ended';
end;
$$;
