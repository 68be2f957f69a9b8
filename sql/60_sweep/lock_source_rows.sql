-- Locks source rows against writers for the rest of the transaction, so that planning sees what they
-- commit. Waits for nobody: returns the keys whose rows a writer holds. Needs the UPDATE right on the
-- table; without it the rows are read unlocked, and what that lets slip is caught when the row is read
-- again before a run.
create or replace function jittask.lock_source_rows(
  p_watch jittask.watch,
  p_keys text[]
)
returns text[]
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_read text := format(
    'select array_agg(k.source_key order by k.source_key)
     from unnest($1) k (source_key)
     cross join lateral (select true from %s s where %s %%s) s',
    replace(p_watch.source_table, '%', '%%'),
    replace(
      jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key'), '%', '%%'
    )
  );
  v_there text[];
  v_locked text[];
begin
  if not has_table_privilege(p_watch.table_oid, 'UPDATE') then
    return '{}';
  end if;
  execute format(v_read, 'for share of s skip locked') using p_keys into v_locked;
  execute format(v_read, 'offset 0') using p_keys into v_there;
  return array(select unnest(v_there) except select unnest(v_locked));
end;
$$;
