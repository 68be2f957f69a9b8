-- Every occurrence that nobody holds, with the name, kind and grace that records show. What a newer
-- plan has overtaken is left out. In two parts, so that a condition on the name of a task reaches the
-- index of task, and through it that of the queue: only what was put to work may bear an older name.
create or replace view jittask.open_occurrence as
select
  q.occurrence_id, q.task_id, q.source_key, q.nominal_at, q.due_at, q.run_at, q.queue, q.priority,
  q.attempt, q.missed, q.first_claimed_at, t.name as task_name, t.kind, t.misfire_grace
from jittask.due_queue q
join jittask.plan p on p.task_id = q.task_id and p.plan_no = q.plan_no
join jittask.task t on t.task_id = q.task_id and t.paused_at is null
where q.lease_id is null
  and q.first_claimed_at is null
union all
select
  q.occurrence_id, q.task_id, q.source_key, q.nominal_at, q.due_at, q.run_at, q.queue, q.priority,
  q.attempt, q.missed, q.first_claimed_at, coalesce(q.title, t.name, q.handler),
  case
    when q.task_id is null then 'one_off'
    else coalesce(t.kind, case when q.source_key = '' then 'scheduled' else 'date_field' end)
  end,
  coalesce(t.misfire_grace, interval '60 seconds')
from jittask.due_queue q
left join jittask.task t on t.task_id = q.task_id
where q.lease_id is null
  and (q.plan_no is null or q.first_claimed_at is not null);

comment on view jittask.open_occurrence is 'Occurrences that nobody holds; the part that waiting and execution_record share';
