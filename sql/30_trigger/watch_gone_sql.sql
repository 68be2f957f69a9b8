-- Part of a generated trigger function: a select of the source keys that are no more, of the rows that a
-- statement deleted or (p_updated) gave other keys. Where triggers of the user's own run after a write, a key
-- may be there again. p_careful: see watch_events_sql.
create or replace function jittask.watch_gone_sql(
  p_watch jittask.watch,
  p_careful bool,
  p_updated bool
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format('select %s as source_key from %s', k.key_sql, jittask.watch_relation_sql(p_watch, 'old')) || case
    when p_careful or (p_watch).reads_current
      then format(' except select %s from %s', k.key_sql, jittask.watch_relation_sql(p_watch, 'kept'))
    when p_updated then format(' except select %s from %s', k.key_sql, jittask.watch_relation_sql(p_watch, 'new'))
    else ''
  end
  from (select jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r') as key_sql) k;
$$;
