-- Whether the run with this identity was put to work before: an identity is planned once.
-- plpgsql although it is one expression: it keeps the plan for the session, and to plan for a month of
-- history partitions takes ten times as long as to look into them.
create or replace function jittask.was_claimed(
  p_task_id bigint,
  p_source_key text,
  p_due_at timestamptz
)
returns bool
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from jittask.due_queue q
    where q.task_id = p_task_id
      and q.source_key = p_source_key
      and q.due_at = p_due_at
      and q.first_claimed_at is not null
  ) or exists (
    select from jittask.run_history h
    where h.task_id = p_task_id
      and h.source_key = p_source_key
      and h.due_at = p_due_at
  );
end;
$$;
