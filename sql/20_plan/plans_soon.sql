-- Whether a new row's occurrence that is due soon, or was before p_now, is planned: not when it is past by
-- more than p_grace (null = however late), nor when its identity was put to work before. Wakes workers
-- for it. Caller: the generated trigger functions, once for each row that is not due later than in a minute.
create or replace function jittask.plans_soon(
  p_task_id bigint,
  p_source_key text,
  p_due_at timestamptz,
  p_now timestamptz,
  p_grace interval
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_due_at < p_now - p_grace
     or p_due_at <= p_now and jittask.was_claimed(p_task_id, p_source_key, p_due_at) then
    return false;
  end if;
  perform jittask.wake_workers(p_due_at);
  return true;
end;
$$;
