-- Of the source keys for which a task has something planned now, or a series, looks at the next ones after
-- p_after_key: those whose row is gone, how many were looked at, and the last of them (null at the end).
-- Reads only. Caller: reconcile_next, reconcile_some, drop_gone_chunk.
create or replace function jittask.gone_keys(
  p_task jittask.task,
  p_watch jittask.watch,
  p_after_key text,
  p_limit int,
  out last_key text,
  out looked bigint,
  out keys text[]
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  execute format(
    $sql$
      with planned as materialized (
        select q.source_key
        from jittask.due_queue q
        join jittask.plan p on p.task_id = q.task_id and p.plan_no = q.plan_no
        where q.task_id = $1 and q.source_key > $2 and q.first_claimed_at is null
        order by q.task_id, q.source_key
        limit $3
      ), begun as materialized (
        select s.source_key
        from jittask.series s
        where s.task_id = $1 and s.source_key > $2
        order by s.task_id, s.source_key
        limit $3
      ), known as materialized (
        select p.source_key from planned p
        union
        select b.source_key from begun b
        order by 1
        limit $3
      )
      select max(k.source_key), count(*), coalesce(array_agg(k.source_key) filter (where s.there is null), '{}')
      from known k
      left join lateral (select true as there from %s s where %s and %s = k.source_key offset 0) s on true
    $sql$,
    p_watch.source_table,
    jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key'),
    -- A key of more columns, from before the key was replaced, would match too.
    jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's')
  )
  using p_task.task_id, p_after_key, p_limit
  into last_key, looked, keys;
end;
$$;
