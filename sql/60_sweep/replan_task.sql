-- Plans a task anew for replan: wholly, or for the given source rows. A whole date-field task goes
-- chunk by chunk, in key order; what is left is listed in replan again, and so are rows that a writer
-- holds. Of a task that is gone, paused or broken, what is planned goes, chunk by chunk too. Returns
-- the number of rows looked at.
create or replace function jittask.replan_task(
  p_task_id bigint,
  p_whole bool,
  p_keys text[],
  p_now timestamptz
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task;
  v_plan jittask.plan;
  v_watch jittask.watch;
  v_busy text[];
begin
  select t.* into v_task from jittask.task t where t.task_id = p_task_id;
  select p.* into v_plan from jittask.plan p where p.task_id = p_task_id;
  if v_task.task_id is null or v_task.paused_at is not null or v_plan.broken is not null then
    return jittask.drop_planned(p_task_id, null);
  end if;
  if v_task.kind = 'scheduled' then
    perform jittask.plan_scheduled(p_task_id, p_now);
    return 1;
  end if;
  select w.* into v_watch from jittask.watch w where w.source_table = v_task.source_table;
  if p_whole then
    return jittask.backfill_chunk(v_task, v_plan, v_watch, p_now);
  end if;
  v_busy := jittask.lock_source_rows(v_watch, p_keys);
  insert into jittask.replan (task_id, source_key, reason)
  select p_task_id, b, 'a writer held the row' from unnest(v_busy) b;
  p_keys := array(select unnest(p_keys) except select unnest(v_busy));
  perform jittask.drop_gone(v_task, v_watch, p_keys);
  return jittask.plan_source_rows(
    v_task, v_plan,
    format(
      '(select s.* from unnest($2) k (source_key) cross join lateral (select s.* from %s s where %s offset 0) s) r',
      v_task.source_table,
      jittask.key_match_sql(v_watch.table_oid::regclass, v_watch.key_columns, 's', 'k.source_key')
    ),
    p_keys, p_now, false
  );
end;
$$;
