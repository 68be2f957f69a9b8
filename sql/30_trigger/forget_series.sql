-- A source row is gone: nothing more of its series, for any of the given tasks. Caller: the
-- generated trigger functions. Locks: waiting queue rows, then series rows.
create or replace function jittask.forget_series(
  p_task_ids bigint[],
  p_source_key text
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  perform from jittask.due_queue q
  where q.task_id = any (p_task_ids)
    and q.source_key = p_source_key
    and q.first_claimed_at is null
  order by q.task_id
  for update;
  delete from jittask.due_queue q
  where q.task_id = any (p_task_ids)
    and q.source_key = p_source_key
    and q.plan_no is not null
    and q.first_claimed_at is null;
  delete from jittask.series s
  where s.task_id = any (p_task_ids) and s.source_key = p_source_key;
end;
$$;
