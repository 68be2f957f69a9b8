-- Part of a generated trigger function: what an update does that changed very many rows. It lists their keys
-- for the sweep and plans at once only those that, for some task without repeat (p_single), were or are now
-- due within ten minutes. p_changed: relation "r" of the changed rows; p_key: their source key. Whatever
-- comes due before the sweep has got to its row is refused by the worker, which reads the row again.
create or replace function jittask.watch_many_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_changed text,
  p_key text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_list text := jittask.watch_list_sql((p_watch).source_table, format('select %s as source_key from %s', p_key, p_changed));
  v_near text;
begin
  if p_single = '{}' then
    return v_list;
  end if;
  select string_agg(
    format(
      'select w.source_key from (%s) w
        where w.due_at operator(pg_catalog.>) (v_now operator(pg_catalog.-) ''10 minutes''::pg_catalog.interval)
          and w.due_at operator(pg_catalog.<=) (v_now operator(pg_catalog.+) ''10 minutes''::pg_catalog.interval)',
      jittask.wanted_sql(p_single, i.image, p_key, 'v_now')
    ),
    ' union all '
  ) into v_near
  from unnest(array[p_changed, jittask.watch_relation_sql(p_watch, 'old')]) i (image);
  return v_list || jittask.put_wanted_sql(
    jittask.wanted_sql(p_single, format('(select r.* from %s where %s in (%s)) r', p_changed, p_key, v_near), p_key, 'v_now'),
    'v_now', true, true
  ) || ' into v_first_at;';
end;
$$;
