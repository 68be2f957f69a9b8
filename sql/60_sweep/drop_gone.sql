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
as $$
declare
  v_gone text[];
begin
  execute format(
    'select array_agg(k.source_key) from unnest($1) k (source_key) where not exists (select from %s s where %s)',
    (p_watch).source_table,
    jittask.key_match_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 's', 'k.source_key')
  )
  using p_keys
  into v_gone;
  perform jittask.forget_series(array[p_task.task_id], g) from unnest(v_gone) g;
end;
$$;
