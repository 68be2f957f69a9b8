-- Makes our triggers on a source table that lost them, or the way they fire: dropped by hand, or the table was
-- made anew.
-- Returns null, or why that cannot be done and what would help. lock_not_available: the table is in use, a
-- later sweep will do it. Locks: the table, SHARE ROW EXCLUSIVE, for 50 ms of waiting at most.
create or replace function jittask.attach_again(
  p_source_table text
)
returns text
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', '50ms', true);
  perform jittask.attach_table(p_source_table);
  perform set_config('lock_timeout', v_timeout, true);
  return null;
exception
  when sqlstate 'JT003' then
    raise lock_not_available using message = sqlerrm;
  when insufficient_privilege or sqlstate 'JT004' or sqlstate 'JT005' then
    return format(
      'our triggers on table "%s" cannot be made again (%s); run as a role that may make triggers there: select jittask.attach_table(%L)',
      p_source_table, sqlerrm, p_source_table
    );
end;
$$;
