-- Resumes a paused queue. What came due meanwhile is judged by each task's misfire policy.
create or replace function jittask.resume_queue(
  queue text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  delete from jittask.paused_queue u where u.queue = resume_queue.queue;
  perform jittask.wake_workers(jittask.now());
end;
$$;
