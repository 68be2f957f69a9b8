-- Makes our triggers on a source table that lost them: dropped by hand, or the table was made anew.
-- Returns null, or why that cannot be done now and what would help.
create or replace function jittask.attach_again(
  p_source_table text
)
returns text
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jittask.attach_table(p_source_table);
  return null;
exception
  when insufficient_privilege or lock_not_available or sqlstate 'JT003' or sqlstate 'JT004' or sqlstate 'JT005' then
    return format(
      'our triggers on table "%s" are gone (%s); run as a role that may make triggers there: select jittask.attach_table(%L)',
      p_source_table, sqlerrm, p_source_table
    );
end;
$$;
