-- Locks source rows against writers for the rest of the transaction, so that planning sees what they
-- commit. Waits for nobody: busy are the keys whose rows a writer holds, gone those without a row. Needs
-- the UPDATE right on the table; without it the rows are read unlocked, and what that lets slip is caught
-- when the row is read again before a run.
create or replace function jittask.lock_source_rows(
  p_watch jittask.watch,
  p_keys text[],
  out busy text[],
  out gone text[]
)
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_missed text := format(
    'select coalesce(array_agg(k.source_key), ''{}'')
     from unnest($1) k (source_key)
     left join lateral (select true as there from %s s where %s and %s = k.source_key %%s) s on true
     where s.there is null',
    replace(p_watch.source_table, '%', '%%'),
    replace(
      jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's', 'k.source_key'), '%', '%%'
    ),
    -- A key from before the table got another one may match too.
    replace(jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 's'), '%', '%%')
  );
begin
  busy := '{}';
  gone := '{}';
  if has_table_privilege(p_watch.table_oid, 'UPDATE') then
    execute format(v_missed, 'for share of s skip locked') using p_keys into p_keys;
  end if;
  if p_keys <> '{}' then
    execute format(v_missed, 'offset 0') using p_keys into gone;
  end if;
  if has_table_privilege(p_watch.table_oid, 'UPDATE') then
    busy := array(select unnest(p_keys) except select unnest(gone));
  end if;
end;
$$;
