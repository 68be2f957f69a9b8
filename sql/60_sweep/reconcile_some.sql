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
set enable_seqscan = off
set jit = off
as $$
declare
  v_at jittask.reconciled;
  v_task jittask.task;
  v_plan jittask.plan;
  v_watch jittask.watch;
  v_last text[];
  v_key text;
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
  if v_at.gone_key is null then
    v_last := jittask.reconcile_chunk(v_task, v_plan, v_watch, v_at.after_key, p_now);
    update jittask.reconciled r
    set after_key = v_last, gone_key = case when v_last is null then '' end
    where r.task_id = v_at.task_id;
    return true;
  end if;
  execute format(
    $sql$
      with planned as materialized (
        select q.source_key
        from jittask.due_queue q
        where q.task_id = $1 and q.source_key > $2 and q.plan_no is not null and q.first_claimed_at is null
        order by q.task_id, q.source_key
        limit 20000
      ), listed as (
        insert into jittask.replan (task_id, source_key, reason)
        select $1, k.source_key, 'its row is gone'
        from planned k
        left join lateral (select true as there from %s s where %s offset 0) s on true
        where s.there is null
      )
      select max(k.source_key) from planned k
    $sql$,
    v_watch.source_table,
    jittask.key_match_sql(v_watch.table_oid::regclass, v_watch.key_columns, 's', 'k.source_key')
  )
  using v_at.task_id, v_at.gone_key
  into v_key;
  update jittask.reconciled r
  set gone_key = v_key,
      ended_at = case when v_key is null then clock_timestamp() else r.ended_at end
  where r.task_id = v_at.task_id;
  return true;
end;
$$;
