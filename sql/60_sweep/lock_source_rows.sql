-- Locks source rows against writers for the rest of the transaction, in key order, so that planning
-- sees what they commit. Needs the UPDATE right on the table; without it the rows are read unlocked,
-- and what that lets slip is caught when the row is read again before a run.
create or replace function jittask.lock_source_rows(
  p_watch jittask.watch,
  p_keys text[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if not has_table_privilege((p_watch).table_oid, 'UPDATE') then
    return;
  end if;
  execute format(
    'select from %s s where exists (select from unnest($1) k (source_key) where %s) order by %s for share',
    (p_watch).source_table,
    jittask.key_match_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 's', 'k.source_key'),
    (select string_agg(format('s.%I', k), ', ') from unnest((p_watch).key_columns) k)
  )
  using p_keys;
end;
$$;
