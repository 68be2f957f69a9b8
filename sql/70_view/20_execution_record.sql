-- One row per occurrence that exists or has ended. Both branches keep their columns bare, so that
-- conditions on task, status and time reach the indexes. Results and errors are for those who may
-- act on tasks; viewers see that there are some.
create or replace view jittask.execution_record as
select
  q.occurrence_id,
  q.task_id,
  coalesce(q.title, t.name) as task_name,
  case when q.task_id is null then 'one_off' else t.kind end as kind,
  nullif(q.source_key, '')::jsonb as source_key,
  q.nominal_at,
  q.due_at,
  case
    when q.lease_id is not null then 'executing'
    when q.first_claimed_at is null
         and q.run_at < jittask.now() - coalesce(t.misfire_grace, interval '60 seconds') then 'overdue'
    else 'pending'
  end as status,
  q.attempt + (q.lease_id is not null)::int as attempt,
  w.name as worker,
  l.claimed_at as started_at,
  null::timestamptz as finished_at,
  case when q.lease_id is not null then jittask.now() - l.claimed_at end as duration,
  q.missed,
  null::jsonb as result,
  null::text as error
from jittask.due_queue q
left join jittask.task t on t.task_id = q.task_id
left join jittask.plan p on p.task_id = q.task_id
left join jittask.lease l on l.lease_id = q.lease_id
left join jittask.worker w on w.worker_id = l.worker_id
where q.task_id is null
   or q.plan_no is null
   or q.first_claimed_at is not null
   or (q.plan_no = p.plan_no and t.paused_at is null)
union all
select
  h.occurrence_id,
  h.task_id,
  coalesce(h.task_name, h.title),
  h.kind,
  nullif(h.source_key, '')::jsonb,
  h.nominal_at,
  h.due_at,
  h.outcome,
  h.attempt,
  h.worker,
  h.started_at,
  h.finished_at,
  h.finished_at - h.started_at,
  h.missed,
  case when (select jittask.sees_results()) then h.result end,
  case when (select jittask.sees_results()) then h.error end
from jittask.run_history h;

comment on view jittask.execution_record is 'Execution records: one row per occurrence that exists or has ended';
