-- Plans a task anew for replan: given source rows, each judged as of its p_since, or wholly, judged as of
-- p_whole_since (null = only those rows). A whole date-field task goes chunk by chunk, in key order; what
-- is left is listed in replan again, and so are rows that a writer holds. Of a task that is gone, paused
-- or broken, what is planned goes, chunk by chunk too. Returns the number of rows looked at.
create or replace function jittask.replan_task(
  p_task_id bigint,
  p_whole_since timestamptz,
  p_keys text[],
  p_since timestamptz[],
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
  v_held record;
  v_count bigint := 0;
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
  perform jittask.hold_source(v_watch);
  if p_keys is not null then
    select l.busy, l.gone into v_held from jittask.lock_source_rows(v_watch, p_keys) l;
    insert into jittask.replan (task_id, source_key, reason, noted_at)
    select p_task_id, k.source_key, 'a writer held the row', k.since_at
    from unnest(p_keys, p_since) k (source_key, since_at)
    join unnest(v_held.busy) b (source_key) on b.source_key = k.source_key;
    if v_held.gone <> '{}' then
      perform jittask.drop_gone(v_task, v_watch, v_held.gone);
    end if;
    -- Only rows that are locked are planned: others may change under us, and their queue rows be held.
    if v_held.busy || v_held.gone <> '{}' then
      select array_agg(k.source_key), array_agg(k.since_at)
      into p_keys, p_since
      from unnest(p_keys, p_since) k (source_key, since_at)
      left join unnest(v_held.busy || v_held.gone) h (source_key) on h.source_key = k.source_key
      where h.source_key is null;
    end if;
    v_count := jittask.plan_source_rows(
      v_task, v_plan,
      format(
        '(select s.*, k.since_at as jittask_since
          from unnest($2, $3) k (source_key, since_at)
          cross join lateral (select s.* from %s s where %s offset 0) s) r',
        v_task.source_table,
        jittask.key_match_sql(v_watch.table_oid::regclass, v_watch.key_columns, 's', 'k.source_key')
      ),
      p_keys, p_since, p_now, false
    );
  end if;
  if p_whole_since is not null then
    v_count := v_count + jittask.backfill_chunk(v_task, v_plan, v_watch, p_whole_since, p_now);
  end if;
  return v_count;
end;
$$;
