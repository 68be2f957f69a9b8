-- Notes a source table and sees to it that its trigger function exists, empty at first, and may be
-- used by whoever makes triggers with it (share_watch), and by the role that attaches.
-- Security definer: functions in schema jittask belong to the installing role.
create or replace function jittask.prepare_watch(
  p_source_table text,
  p_definer text,
  p_replicated bool
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass := jittask.named_table(p_source_table);
  v_grants text := jittask.missing_grants(v_table, current_user, false);
  v_key text[] := jittask.watchable_key(v_table);
  v_hash text := substr(md5(p_source_table), 1, 12);
  v_function text;
begin
  if v_grants is not null then
    raise exception 'Role "%", which owns jittask, may not read every row of table "%"', current_user, p_source_table
      using errcode = 'JT004', hint = 'Run: ' || v_grants;
  end if;
  -- What was written while the triggers were off is planned now.
  insert into jittask.replan (source_table, reason)
  select p_source_table, 'the table was attached again'
  from jittask.watch w
  where w.source_table = p_source_table and w.idle_since is null and not jittask.watch_stands(w, v_table);
  -- A table that had this name before took its function along.
  if exists (
    select from jittask.watch w where w.function_name = 'watch_' || v_hash and w.source_table <> p_source_table
  ) then
    v_hash := substr(md5(p_source_table || v_table::oid), 1, 12);
  end if;
  insert into jittask.watch as w (source_table, table_oid, function_name, key_columns, columns, replicated)
  values (
    p_source_table, v_table, 'watch_' || v_hash, v_key, '{}', coalesce(p_replicated, false)
  )
  on conflict (source_table) do update
    set table_oid = excluded.table_oid,
        key_columns = excluded.key_columns,
        -- Numbers of columns say nothing about another table.
        columns = case when w.table_oid = excluded.table_oid then w.columns else '{}' end,
        detached_at = null,
        replicated = coalesce(p_replicated, w.replicated)
  returning w.function_name into v_function;
  if to_regproc(format('jittask.%I', v_function)) is null then
    execute jittask.watch_function_sql(v_function, 'return null;');
    execute format('revoke all on function jittask.%I() from public', v_function);
  end if;
  perform jittask.share_watch(v_function, v_table);
  if not has_function_privilege(p_definer, format('jittask.%I()', v_function), 'EXECUTE') then
    execute format('grant execute on function jittask.%I() to %I', v_function, p_definer);
  end if;
end;
$$;
