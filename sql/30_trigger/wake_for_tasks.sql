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
as $$
begin
  if not exists (select from jittask.worker w where w.sleeps)
     or current_setting('max_prepared_transactions') <> '0' then
    return;
  end if;
  if exists (select from jittask.setting s where s.name = 'notify' and s.value = 'on')
     and jittask.runs_soon(p_task_ids, p_now) then
    perform pg_notify('jittask_due', '');
  end if;
end;
$$;
