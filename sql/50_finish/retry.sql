-- Runs an ended occurrence once more, now: a new occurrence with the same function, arguments and
-- due time, outside the plan. Returns its id. The record of the first stays.
create or replace function jittask.retry(
  occurrence_id bigint
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_run jittask.run_history;
  v_id bigint;
begin
  select h.* into v_run
  from jittask.run_history h
  where h.occurrence_id = retry.occurrence_id
  order by h.finished_at desc
  limit 1;
  if not found then
    if exists (select from jittask.due_queue q where q.occurrence_id = retry.occurrence_id) then
      raise exception 'Occurrence % has not ended yet', retry.occurrence_id
        using errcode = 'JT007', hint = 'Wait until it has, or cancel it first';
    end if;
    raise exception 'There is no occurrence %', retry.occurrence_id
      using errcode = 'JT002', hint = 'Look it up in jittask.execution_record; old history is pruned';
  end if;
  if not jittask.may_manage() and v_run.created_by is distinct from session_user then
    raise exception 'Occurrence % was not enqueued by role "%"', retry.occurrence_id, session_user
      using errcode = 'JT004',
            hint = 'Ask a member of jittask_admin, or the role that enqueued it';
  end if;
  if v_run.kind = 'date_field' and v_run.source_key = '' then
    raise exception 'Occurrence % is the record that task "%" could not be planned any more', retry.occurrence_id, v_run.task_name
      using errcode = 'JT007', hint = 'Mend the cause that it names; then the task is planned by itself';
  end if;
  if v_run.task_id is not null
     and not exists (select from jittask.task t where t.task_id = v_run.task_id) then
    raise exception 'Task "%" of occurrence % was deleted', v_run.task_name, retry.occurrence_id
      using errcode = 'JT007', hint = 'Define the task again, then use jittask.run_now';
  end if;
  insert into jittask.due_queue (
    task_id, priority, nominal_at, due_at, run_at, queue, source_key, handler, args, title, timeout,
    max_attempts, retry_delay, created_by
  )
  values (
    v_run.task_id, v_run.priority, v_run.nominal_at, v_run.due_at, v_now, v_run.queue,
    v_run.source_key, v_run.handler, v_run.args, v_run.title, v_run.timeout, v_run.max_attempts,
    v_run.retry_delay, v_run.created_by
  )
  on conflict do nothing
  returning due_queue.occurrence_id into v_id;
  if v_id is null then
    raise exception 'The run of occurrence % is planned or retried already', retry.occurrence_id
      using errcode = 'JT007', hint = 'Look at jittask.waiting';
  end if;
  perform jittask.open_lane(v_run.queue, v_run.priority);
  perform jittask.wake_workers(v_now);
  return v_id;
end;
$$;
