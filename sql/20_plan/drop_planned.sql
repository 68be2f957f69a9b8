-- Takes the planned occurrences of a task out of the due queue: of one source row, or all of them
-- where p_source_key is null. Claimed ones stay. Returns how many went.
create or replace function jittask.drop_planned(
  p_task_id bigint,
  p_source_key text
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_count bigint;
begin
  if p_source_key is null then
    delete from jittask.due_queue q
    where q.task_id = p_task_id
      and q.plan_no is not null
      and q.first_claimed_at is null;
  else
    delete from jittask.due_queue q
    where q.task_id = p_task_id
      and q.source_key = p_source_key
      and q.plan_no is not null
      and q.first_claimed_at is null;
  end if;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
