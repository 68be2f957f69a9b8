-- What is planned: every occurrence that nobody holds. What a newer plan has overtaken is left out.
create or replace view jittask.waiting as
select
  q.occurrence_id,
  q.task_id,
  nullif(q.source_key, '')::jsonb as source_key,
  q.nominal_at,
  q.due_at,
  q.run_at,
  q.queue,
  q.priority,
  q.attempt
from jittask.due_queue q
left join jittask.plan p on p.task_id = q.task_id
left join jittask.task t on t.task_id = q.task_id
where q.lease_id is null
  and (
    q.task_id is null
    or q.plan_no is null
    or q.first_claimed_at is not null
    or (q.plan_no = p.plan_no and t.paused_at is null)
  );

comment on view jittask.waiting is 'What is planned; always equal to jittask.recompute, up to rows listed in replan';
