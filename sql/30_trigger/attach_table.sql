-- Makes our triggers on a source table, or takes their lock where they stand already.
-- p_replicated: row triggers that fire for logical replication too; null = as it is.
-- Runs as the caller: the right to make triggers is the caller's. See task_2_attach.
create or replace function jittask.attach_table(
  p_source_table text,
  p_replicated bool default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass := jittask.named_table(p_source_table);
  v_trigger text;
  v_timeout text := current_setting('lock_timeout');
  -- For a shorter time where the session says so.
  v_wait text := case when nullif(v_timeout, '0')::interval < '1 second' then v_timeout else '1s' end;
begin
  if v_table is null then
    raise exception 'Table "%" cannot be watched: it does not exist', p_source_table
      using errcode = 'JT005', hint = 'Create it, or name the table as schema.table';
  end if;
  perform jittask.check_rights(v_table);
  perform jittask.prepare_watch(p_source_table, current_user, p_replicated);
  perform set_config('lock_timeout', v_wait, true);
  for v_trigger in select s.statement from jittask.watch_trigger_sql(p_source_table) s loop
    execute v_trigger;
  end loop;
  if p_replicated is not null then
    perform jittask.renew_watch(p_source_table);
  end if;
  perform set_config('lock_timeout', v_timeout, true);
exception
  when lock_not_available then
    raise exception 'Table "%" is in use and could not be locked within %', p_source_table, v_wait
      using errcode = 'JT003',
            detail = jittask.lock_holders(p_source_table),
            hint = 'Try again when the transactions above have ended';
end;
$$;
