-- Moves an occurrence that nobody runs into history: skipped, cancelled or lost. Locks: its queue row.
-- Callers hold it or take it in order of occurrence_id.
create or replace function jittask.end_waiting(
  p_occurrence_id bigint,
  p_outcome text,
  p_reason text,
  p_missed int,
  p_now timestamptz
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  with ended as (
    delete from jittask.due_queue q
    where q.occurrence_id = p_occurrence_id and q.lease_id is null
    returning q.*
  ), noted as (
    insert into jittask.called_off (task_id, source_key, due_at)
    select e.task_id, e.source_key, e.due_at
    from ended e
    where p_outcome = 'cancelled' and e.due_at > p_now and e.plan_no is not null and e.source_key <> ''
    on conflict do nothing
  )
  insert into jittask.run_history (
    occurrence_id, task_id, nominal_at, due_at, finished_at, attempt, losses, missed, outcome,
    task_name, kind, source_key, queue, priority, error, handler, args, title, timeout,
    max_attempts, retry_delay, created_by
  )
  select e.occurrence_id, e.task_id, e.nominal_at, e.due_at, p_now, e.attempt, e.losses,
    e.missed + p_missed, p_outcome,
    coalesce(e.title, t.name, e.handler, 'task ' || e.task_id),
    coalesce(t.kind, case when e.task_id is null then 'one_off' when e.source_key = '' then 'scheduled' else 'date_field' end),
    e.source_key, e.queue, e.priority, p_reason, e.handler, e.args,
    case when e.task_id is null then e.title end, e.timeout, e.max_attempts, e.retry_delay,
    e.created_by
  from ended e
  left join jittask.task t on t.task_id = e.task_id;
  return found;
end;
$$;
