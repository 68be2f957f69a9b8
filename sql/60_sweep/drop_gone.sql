-- Of the given keys, those whose source row is gone: what was planned for them goes too.
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
  v_gone text;
begin
  for v_gone in
    execute format(
      'select k.source_key
       from unnest($1) k (source_key)
       left join lateral (select true as there from %s s where %s offset 0) s on true
       where s.there is null',
      p_watch.source_table,
      jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key')
    )
    using p_keys
  loop
    perform jittask.forget_series(array[p_task.task_id], v_gone);
  end loop;
end;
$$;
