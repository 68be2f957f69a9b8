-- Part of a generated trigger function: sets v_same (no value that a task relies on was changed by the
-- update), v_same_keys (nor did any key leave) and v_count (how many rows it wrote).
create or replace function jittask.watch_compare_sql(
  p_watch jittask.watch
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_others text[];
  v_hashes text;
begin
  select coalesce(array_agg(c.name order by c.name), '{}') into v_others
  from jsonb_object_keys((p_watch).columns) c (name)
  where c.name <> all ((p_watch).key_columns);
  v_hashes := format(
    'select %s as keys, %s as rows from ',
    jittask.watch_hash_sql((p_watch).table_oid::regclass, (p_watch).key_columns),
    jittask.watch_hash_sql((p_watch).table_oid::regclass, (p_watch).key_columns || v_others)
  );
  return format(
    'select coalesce(pg_catalog.bit_xor(z.rows), 0) operator(pg_catalog.=) 0,
      coalesce(pg_catalog.bit_xor(z.keys), 0) operator(pg_catalog.=) 0,
      pg_catalog.count(*) operator(pg_catalog./) 2
    into v_same, v_same_keys, v_count
    from (%1$s %2$s union all %1$s %3$s) z;',
    v_hashes, jittask.watch_relation_sql(p_watch, 'new'), jittask.watch_relation_sql(p_watch, 'old')
  );
end;
$$;
