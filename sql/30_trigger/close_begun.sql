-- A task is about to change under occurrences that were put to work: they keep its old name for the
-- record, and, where p_cancel says so, those that wait for another try are called off. A run_now
-- that waits is called off only with its task.
-- Locks: queue rows of the task by id, as reports do.
create or replace function jittask.close_begun(
  p_old jittask.task,
  p_cancel bool,
  p_reason text,
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_id bigint;
begin
  perform from jittask.due_queue q
  where q.task_id = p_old.task_id
    and (q.first_claimed_at is not null or q.plan_no is null)
  order by q.occurrence_id
  for update;
  update jittask.due_queue q
  set title = p_old.name
  where q.task_id = p_old.task_id
    and q.title is null
    and (q.first_claimed_at is not null or q.plan_no is null);
  if p_cancel then
    for v_id in
      select q.occurrence_id
      from jittask.due_queue q
      where q.task_id = p_old.task_id
        and q.lease_id is null
        and (
          q.first_claimed_at is not null
          or q.plan_no is null
             and not exists (select from jittask.task t where t.task_id = p_old.task_id)
        )
    loop
      perform jittask.end_waiting(v_id, 'cancelled', p_reason, 0, p_now);
    end loop;
  end if;
end;
$$;
