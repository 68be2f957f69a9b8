-- Compares what the tasks of one table want with what is planned, repairs the difference, says what
-- it found. For after a bypass: disabled triggers, replica role, restore. Goes chunk by chunk, but in the
-- caller's transaction; the command line makes each chunk (reconcile_next) a transaction of its own.
-- Locks: see reconcile_next.
create or replace function jittask.reconcile(
  source_table regclass
)
returns table (task_name text, missing bigint, extra bigint, wrong bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
#variable_conflict use_column
declare
  v_chunk record;
  v_place jsonb;
begin
  loop
    select c.* into v_chunk from jittask.reconcile_next(reconcile.source_table, v_place) c;
    exit when not found;
    if task_name <> v_chunk.task_name then
      return next;
      missing := 0;
      extra := 0;
      wrong := 0;
    end if;
    task_name := v_chunk.task_name;
    missing := coalesce(missing, 0) + v_chunk.missing;
    extra := coalesce(extra, 0) + v_chunk.extra;
    wrong := coalesce(wrong, 0) + v_chunk.wrong;
    v_place := v_chunk.next_place;
    exit when v_place is null;
  end loop;
  if task_name is not null then
    return next;
  end if;
end;
$$;
