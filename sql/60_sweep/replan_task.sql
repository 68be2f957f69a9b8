-- Plans a task anew for replan: wholly, or for the given source rows. A whole date-field task goes
-- chunk by chunk, in key order; what is left is listed in replan again. Returns rows looked at.
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
begin
  select t.* into v_task from jittask.task t where t.task_id = p_task_id;
  select p.* into v_plan from jittask.plan p where p.task_id = p_task_id;
  if v_task.kind = 'scheduled' then
    perform jittask.plan_scheduled(p_task_id, p_now);
    return 1;
  end if;
  if v_plan.broken is not null then
    return 0;
  end if;
  select w.* into v_watch from jittask.watch w where w.source_table = v_task.source_table;
  if p_whole then
    return jittask.backfill_chunk(v_task, v_plan, v_watch, p_now);
  end if;
  perform jittask.lock_source_rows(v_watch, p_keys);
  perform jittask.drop_gone(v_task, v_watch, p_keys);
  return jittask.plan_source_rows(
    v_task, v_plan,
    format(
      '(select s.* from unnest($2) k (source_key) join %s s on %s) r', v_task.source_table,
      jittask.key_match_sql(v_watch.table_oid::regclass, v_watch.key_columns, 's', 'k.source_key')
    ),
    p_keys, p_now, false
  );
end;
$$;
