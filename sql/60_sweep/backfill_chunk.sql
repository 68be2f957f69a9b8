-- Plans the next rows of a large table for one task, in the order of its key, from where the last chunk
-- ended; at the end drops what is planned for rows that are gone. While something is left, the task
-- stays in replan. Returns the number of rows planned.
-- Locks: the chunk's source rows for share, those that a writer holds passed over and listed in replan,
-- so that nobody waits for a writer; then queue and series rows.
create or replace function jittask.backfill_chunk(
  p_task jittask.task,
  p_plan jittask.plan,
  p_watch jittask.watch,
  p_since timestamptz,
  p_now timestamptz
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
set bytea_output = 'hex'
as $$
declare
  -- What can be planned in about a quarter of a second: so long are the rows locked.
  v_limit int := case when p_task.repeat = 'none' then 25000 when p_task.skip_holidays = 'none' then 10000 else 2500 end;
  v_fill jittask.backfill;
  v_key text := jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's');
  v_range text;
  v_last text[];
  v_rows bigint;
  v_locked text[];
begin
  insert into jittask.backfill (task_id, plan_no, total, since_at)
  select p_task.task_id, p_plan.plan_no, greatest(c.reltuples, 0), p_since
  from pg_class c
  where c.oid = p_watch.table_oid
  on conflict (task_id) do update
    set plan_no = excluded.plan_no, after_key = null, gone_key = null, is_first = false, done = 0,
        since_at = excluded.since_at
    where backfill.plan_no <> excluded.plan_no;
  select b.* into v_fill from jittask.backfill b where b.task_id = p_task.task_id for update;
  if v_fill.gone_key is not null then
    return jittask.drop_gone_chunk(p_task, p_watch, v_fill.gone_key);
  end if;
  select k.last_key, k.looked into v_last, v_rows from jittask.key_chunk(p_watch, v_fill.after_key::text[], v_limit) k;
  if v_last is null and v_fill.is_first then
    delete from jittask.backfill b where b.task_id = p_task.task_id;
    return 0;
  elsif v_last is null then
    update jittask.backfill b set gone_key = '' where b.task_id = p_task.task_id;
    insert into jittask.replan (task_id, reason) values (p_task.task_id, 'the planning of its table goes on');
    return 0;
  end if;
  select format('%s s where %s', p_watch.source_table, o.condition) into v_range
  from jittask.key_order(p_watch, 's', v_fill.after_key::text[], v_last) o;
  if has_table_privilege(p_watch.table_oid, 'UPDATE') then
    execute format('select array_agg(l.source_key) from (select %s as source_key from %s for share of s skip locked) l', v_key, v_range)
    into v_locked;
    if cardinality(v_locked) is distinct from v_rows then
      execute format(
        'insert into jittask.replan (task_id, source_key, reason, noted_at)
         select $1, h.source_key, $3, $4
         from (select %s as source_key from %s except select unnest($2)) h',
        v_key, v_range
      )
      using p_task.task_id, v_locked, 'a writer held the row', v_fill.since_at;
    end if;
    -- Of rows that a writer holds, the queue rows are the writer's too: waiting for them here could deadlock.
    v_range := format('%s and %s = any ($2)', v_range, v_key);
  end if;
  perform jittask.plan_source_rows(
    p_task, p_plan, format('(select s.*, ($3)[1] as jittask_since from %s) r', v_range), coalesce(v_locked, '{}'),
    array[v_fill.since_at], p_now, true
  );
  update jittask.backfill b
  set after_key = v_last::text, done = b.done + v_rows
  where b.task_id = p_task.task_id;
  insert into jittask.replan (task_id, reason)
  values (p_task.task_id, 'the planning of its table goes on');
  return v_rows;
end;
$$;
