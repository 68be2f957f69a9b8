-- Takes one of the max_running places of a task; false when all are taken, null when another claim or an
-- edit of the task holds its plan row. That lock makes claims of the same task take turns, so that the
-- count holds over all workers; whoever holds it may wait for rows that we hold, so nobody waits for it.
-- Locks: the plan row, skip locked. Caller: judge.
create or replace function jittask.take_running(
  p_task jittask.task,
  p_occurrence_id bigint
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from jittask.plan p where p.task_id = p_task.task_id for no key update skip locked;
  if not found then
    return null;
  end if;
  insert into jittask.running (task_id, occurrence_id)
  select p_task.task_id, p_occurrence_id
  where (
    select count(*) from jittask.running r
    where r.task_id = p_task.task_id and r.occurrence_id <> p_occurrence_id
  ) < p_task.max_running
  on conflict do nothing;
  return found;
end;
$$;
