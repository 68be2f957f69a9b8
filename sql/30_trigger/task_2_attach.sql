-- After a task is written, before it is planned: takes the trigger lock of the source table, so that
-- no writer in flight is missed. Runs as the writer, because CREATE TRIGGER needs the writer's own
-- TRIGGER right. Locks: the source table, SHARE ROW EXCLUSIVE, for at most one second of waiting.
create or replace function jittask.task_2_attach()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jittask.attach_table(new.source_table);
  return null;
end;
$$;
