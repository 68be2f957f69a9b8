-- The records of what the login role enqueued itself, for members of jittask_client.
create or replace view jittask.own_record as
select r.*
from jittask.execution_record r
where r.occurrence_id in (
  select q.occurrence_id from jittask.due_queue q where q.created_by = session_user
  union all
  select h.occurrence_id from jittask.run_history h where h.created_by = session_user
);

comment on view jittask.own_record is 'Execution records of the one-offs that the login role enqueued itself';
