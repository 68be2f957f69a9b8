-- Part of a generated trigger function: ends the series of the source keys that p_keys selects. Where
-- each row fires, it may only be moving to another partition, which is a delete and an insert:
-- its series is kept until the sweep has seen that the row is gone. Waiting for the queue rows makes
-- visible what a claim plans meanwhile. Locks: waiting queue rows, then series rows.
create or replace function jittask.watch_forget_sql(
  p_watch jittask.watch,
  p_task_ids bigint[],
  p_keys text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when jittask.fires_per_row(p_watch) then
      jittask.watch_drop_sql(p_task_ids, p_keys) || format(
        'insert into jittask.replan (task_id, source_key, reason)
        select t.task_id, k.source_key, ''the row was deleted, or left its partition''
        from (%s) k
        cross join pg_catalog.unnest(%L::pg_catalog.int8[]) t (task_id);', p_keys, p_task_ids
      )
    else format(
      $sql$
      perform from (%1$s) k
      cross join pg_catalog.unnest(%2$L::pg_catalog.int8[]) t (task_id)
      cross join lateral (
        select from jittask.due_queue q
        where q.task_id = t.task_id and q.source_key = k.source_key and q.first_claimed_at is null
        for update
      ) q;
      %3$s
      delete from jittask.series d
      where d.ctid = any (
          array(
            select p.ctid
            from (%1$s) k
            cross join pg_catalog.unnest(%2$L::pg_catalog.int8[]) t (task_id)
            cross join lateral (
              select s.ctid from jittask.series s where s.task_id = t.task_id and s.source_key = k.source_key offset 0
            ) p
          )
        );
      $sql$,
      p_keys, p_task_ids, jittask.watch_drop_sql(p_task_ids, p_keys)
    )
  end;
$$;
