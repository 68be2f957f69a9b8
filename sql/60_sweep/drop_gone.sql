-- Of the given keys, those whose source row is gone: what a task has planned for them goes, and their
-- series. Whether a row is gone is asked by the statement that deletes, because what was planned for a
-- row that came back meanwhile is seen with it. Locks: waiting queue rows, then series rows.
create or replace function jittask.drop_gone(
  p_task jittask.task,
  p_watch jittask.watch,
  p_keys text[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_gone text := format(
    'select k.source_key
     from unnest($2) k (source_key)
     left join lateral (select true as there from %s s where %s and %s = k.source_key offset 0) s on true
     where s.there is null',
    p_watch.source_table,
    jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key'),
    jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's')
  );
begin
  execute 'select array(' || v_gone || ' order by 1)' using p_task.task_id, p_keys into p_keys;
  if p_keys = '{}' then
    return;
  end if;
  perform from jittask.due_queue q
  where q.task_id = p_task.task_id and q.source_key = any (p_keys) and q.first_claimed_at is null
  order by q.source_key, q.due_at
  for update;
  execute format(
    'delete from jittask.due_queue q
     where q.task_id = $1
       and q.source_key = any (array(%s))
       and q.plan_no is not null
       and q.first_claimed_at is null',
    v_gone
  )
  using p_task.task_id, p_keys;
  execute format('delete from jittask.series s where s.task_id = $1 and s.source_key = any (array(%s))', v_gone)
  using p_task.task_id, p_keys;
  execute format('delete from jittask.called_off c where c.task_id = $1 and c.source_key = any (array(%s))', v_gone)
  using p_task.task_id, p_keys;
end;
$$;
