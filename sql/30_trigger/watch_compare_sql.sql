-- Part of a generated trigger function: returns where no value that a task relies on was changed by the update;
-- else sets v_same_keys (no key left) and v_count (how many rows it wrote).
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
  v_new text := jittask.watch_relation_sql(p_watch, 'new');
  v_old text := jittask.watch_relation_sql(p_watch, 'old');
  v_others text[];
  v_rows text;
  v_keys text;
begin
  select coalesce(array_agg(c.name order by c.name), '{}') into v_others
  from jsonb_object_keys((p_watch).columns) c (name)
  where c.name <> all ((p_watch).key_columns);
  v_rows := format(
    'select coalesce(pg_catalog.bit_xor(%s), 0) as hash from ',
    jittask.watch_hash_sql((p_watch).table_oid::regclass, (p_watch).key_columns || v_others)
  );
  v_keys := format(
    'select coalesce(pg_catalog.bit_xor(%s), 0) as hash, pg_catalog.count(*) as count from ',
    jittask.watch_hash_sql((p_watch).table_oid::regclass, (p_watch).key_columns)
  );
  -- Two statements: most updates need the first alone, and pay for it with every row.
  return format(
    $sql$
    if (select n.hash operator(pg_catalog.=) o.hash from (%1$s %3$s) n, (%1$s %4$s) o) then
      return null;
    end if;
    select n.hash operator(pg_catalog.=) o.hash, n.count into v_same_keys, v_count from (%2$s %3$s) n, (%2$s %4$s) o;
    $sql$,
    v_rows, v_keys, v_new, v_old
  );
end;
$$;
