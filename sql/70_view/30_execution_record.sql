-- One row per occurrence that exists or has ended. Each part has its status as a constant, so that a
-- condition on the status leaves parts out, and its columns bare, so that conditions on task and time
-- reach indexes. What runs is found through the leases, what is overdue through the lanes.
-- Results, errors, messages and logs are for those who may act on tasks; viewers see that there are some.
create or replace view jittask.execution_record as
select
  o.occurrence_id, o.task_id, o.task_name, o.kind, nullif(o.source_key, '')::jsonb as source_key,
  o.nominal_at, o.due_at, 'pending'::text as status, o.attempt, null::text as worker,
  null::timestamptz as started_at, null::timestamptz as finished_at, null::interval as duration,
  o.missed, null::jsonb as result, null::text as error, null::jsonb as progress,
  null::text as log
from jittask.open_occurrence o
where o.first_claimed_at is not null
   or o.run_at >= jittask.now() - o.misfire_grace
union all
select
  o.occurrence_id, o.task_id, o.task_name, o.kind, nullif(o.source_key, '')::jsonb, o.nominal_at,
  o.due_at, 'overdue', o.attempt, null, null, null, null, o.missed, null, null, null, null
from jittask.lane l
join jittask.open_occurrence o
  on o.queue = l.queue and o.priority = l.priority and o.run_at < jittask.now()
where o.first_claimed_at is null
  and o.run_at < jittask.now() - o.misfire_grace
union all
select
  q.occurrence_id, q.task_id, coalesce(q.title, t.name, q.handler),
  case
    when q.task_id is null then 'one_off'
    else coalesce(t.kind, case when q.source_key = '' then 'scheduled' else 'date_field' end)
  end,
  nullif(q.source_key, '')::jsonb, q.nominal_at, q.due_at, 'executing', q.attempt + 1, w.name,
  l.claimed_at, null, jittask.now() - l.claimed_at, q.missed, null, null,
  case
    when (select jittask.sees_results()) then l.progress -> q.occurrence_id::text
    else (l.progress -> q.occurrence_id::text) - 'message'
  end,
  null
from jittask.lease l
cross join unnest(l.occurrence_ids) i (occurrence_id)
join jittask.due_queue q on q.occurrence_id = i.occurrence_id and q.lease_id = l.lease_id
left join jittask.task t on t.task_id = q.task_id
left join jittask.worker w on w.worker_id = l.worker_id
union all
select
  h.occurrence_id, h.task_id, h.task_name, h.kind, nullif(h.source_key, '')::jsonb, h.nominal_at,
  h.due_at, h.outcome, h.attempt, h.worker, h.started_at, h.finished_at, h.finished_at - h.started_at,
  h.missed,
  case when (select jittask.sees_results()) then h.result end,
  case when (select jittask.sees_results()) then h.error end,
  null,
  case when (select jittask.sees_results()) then h.log end
from jittask.run_history h;

comment on view jittask.execution_record is 'Execution records: one row per occurrence that exists or has ended';
