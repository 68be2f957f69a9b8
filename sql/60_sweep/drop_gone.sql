-- Of the given keys, those whose source row is gone: what a task has planned for them goes, and their
-- series. Whether a row is gone is asked by the statement that deletes, because what was planned for a
-- row that came back meanwhile is seen with it. Each probe is a lateral subquery, see put_wanted_sql.
-- Locks: waiting queue rows, then series rows. Caller: replan_task, drop_gone_chunk, reconcile_next.
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
  v_table text;
  v_gone text := format(
    'select k.source_key
     from unnest($1) k (source_key)
     left join lateral (select true as there from %s s where %s and %s = k.source_key offset 0) s on true
     where s.there is null',
    p_watch.source_table,
    jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key'),
    jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's')
  );
begin
  execute 'select array(' || v_gone || ' order by k.source_key collate "C")' using p_keys into p_keys;
  if p_keys = '{}' then
    return;
  end if;
  perform from unnest(p_keys) k (source_key)
  cross join lateral (
    select from jittask.due_queue q
    where q.task_id = p_task.task_id and q.source_key = k.source_key and q.first_claimed_at is null
    for update
  ) q;
  execute jittask.watch_drop_sql(array[p_task.task_id], v_gone) using p_keys;
  foreach v_table in array '{jittask.series, jittask.called_off}'::text[] loop
    execute format(
      'delete from %1$s d
       where d.ctid = any (
         array(
           select p.ctid
           from (%2$s) k
           cross join lateral (
             select p.ctid from %1$s p where p.task_id = $2 and p.source_key = k.source_key offset 0
           ) p
         )
       )',
      v_table, v_gone
    )
    using p_keys, p_task.task_id;
  end loop;
end;
$$;
