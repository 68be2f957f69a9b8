-- Wakes a sleeping worker when something of the given tasks runs before the next poll. Called at
-- most once a statement; while no worker sleeps it costs one look at a small table.
create or replace function jittask.wake_for_tasks(
  p_task_ids bigint[],
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  if current_setting('max_prepared_transactions') = '0'
     and exists (select from jittask.worker w where w.sleeps)
     and exists (select from jittask.setting s where s.name = 'notify' and s.value = 'on')
     and exists (
       select
       from (
         select distinct t.queue, t.priority
         from jittask.task t
         where t.task_id = any (p_task_ids)
       ) l
       cross join lateral (
         select
         from jittask.due_queue q
         where q.queue = l.queue
           and q.priority = l.priority
           and q.run_at >= p_now - interval '1 minute'
           and q.run_at < p_now + interval '1 second'
           and q.lease_id is null
         limit 1
       ) near
     ) then
    perform pg_notify('jittask_due', '');
  end if;
end;
$$;
