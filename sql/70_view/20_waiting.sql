-- What is planned: every occurrence that nobody holds.
create or replace view jittask.waiting as
select
  o.occurrence_id,
  o.task_id,
  nullif(o.source_key, '')::jsonb as source_key,
  o.nominal_at,
  o.due_at,
  o.run_at,
  o.queue,
  o.priority,
  o.attempt
from jittask.open_occurrence o;

comment on view jittask.waiting is 'What is planned; always equal to jittask.recompute, up to rows listed in replan';
