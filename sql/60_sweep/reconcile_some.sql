-- One chunk of the hourly comparison of source rows and due queue: first the rows of a table, then what is
-- planned for rows that are gone. What differs is listed in replan. Returns whether a chunk was compared.
create or replace function jittask.reconcile_some(
  p_now timestamptz
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at jittask.reconciled;
  v_task jittask.task;
  v_plan jittask.plan;
  v_watch jittask.watch;
  v_rows record;
  v_gone record;
begin
  insert into jittask.reconciled (task_id)
  select t.task_id from jittask.task t where t.kind = 'date_field'
  on conflict do nothing;
  select r.* into v_at
  from jittask.reconciled r
  join jittask.task t on t.task_id = r.task_id and t.paused_at is null
  join jittask.plan p on p.task_id = r.task_id and p.broken is null
  join jittask.watch w on w.source_table = t.source_table and w.detached_at is null
  where (r.ended_at < clock_timestamp() - interval '1 hour' or r.after_key is not null or r.gone_key is not null)
    and not exists (select from jittask.backfill b where b.task_id = r.task_id)
  order by r.ended_at, r.task_id
  limit 1
  for update of r skip locked;
  if not found then
    return false;
  end if;
  select t.* into v_task from jittask.task t where t.task_id = v_at.task_id;
  select p.* into v_plan from jittask.plan p where p.task_id = v_at.task_id;
  select w.* into v_watch from jittask.watch w where w.source_table = v_task.source_table;
  begin
    perform jittask.hold_source(v_watch);
    if v_at.gone_key is null then
      select c.* into v_rows
      from jittask.compare_chunk(v_task, v_plan, v_watch, v_at.after_key, 20000, p_now) c;
      insert into jittask.replan (task_id, source_key, reason)
      select v_at.task_id, d.source_key, case d.fault
        when 'missing' then 'nothing was planned for its row'
        when 'extra' then 'it was planned, and its row wants nothing'
        else 'it was planned otherwise than its row wants'
      end
      from unnest(v_rows.keys, v_rows.faults) d (source_key, fault);
      update jittask.reconciled r
      set after_key = v_rows.last_key, gone_key = case when v_rows.last_key is null then '' end
      where r.task_id = v_at.task_id;
    else
      select g.* into v_gone from jittask.gone_keys(v_task, v_watch, v_at.gone_key, 20000) g;
      insert into jittask.replan (task_id, source_key, reason)
      select v_at.task_id, k, 'its row is gone' from unnest(v_gone.keys) k;
      update jittask.reconciled r
      set gone_key = v_gone.last_key,
          ended_at = case when v_gone.last_key is null then clock_timestamp() else r.ended_at end
      where r.task_id = v_at.task_id;
    end if;
  exception
    when lock_not_available then
      update jittask.reconciled r
      set ended_at = clock_timestamp() - interval '59 minutes'
      where r.task_id = v_at.task_id;
    -- The table was changed under us: check_watches says so if it lasts.
    when syntax_error_or_access_rule_violation or data_exception or sqlstate 'JT001' or sqlstate 'JT005' then
      perform jittask.check_task(v_task, null, false);
      update jittask.reconciled r
      set after_key = null, gone_key = null, ended_at = clock_timestamp()
      where r.task_id = v_at.task_id;
  end;
  return true;
end;
$$;
