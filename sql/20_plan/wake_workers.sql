-- Wakes sleeping workers for something that runs at p_run_at. A hint only: workers poll anyway.
-- NOTIFY serialises commits and makes PREPARE TRANSACTION fail, so it is sent only when it can
-- gain anything: sooner than the next poll, while some worker sleeps, without prepared transactions.
create or replace function jittask.wake_workers(
  p_run_at timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_run_at < jittask.now() + interval '1 second'
     and current_setting('max_prepared_transactions') = '0'
     and exists (select from jittask.worker w where w.sleeps)
     and exists (select from jittask.setting s where s.name = 'notify' and s.value = 'on') then
    perform pg_notify('jittask_due', '');
  end if;
end;
$$;
