-- Part of a generated trigger function: plans the rows that were inserted. p_careful: see watch_events_sql.
create or replace function jittask.watch_insert_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_repeating bigint[],
  p_careful bool
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows text := jittask.watch_rows_sql(p_watch, p_careful);
  v_key text := jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r');
  v_per_row bool := jittask.fires_per_row(p_watch);
  v_looks bool := v_per_row or p_careful or (p_watch).reads_current;
  v_begun bigint[];
  v_wanted text;
  v_insert text := '';
begin
  if p_single <> '{}' then
    v_wanted := jittask.wanted_sql(p_single, v_rows, v_key, 'v_now');
    v_insert := case
      when v_looks then jittask.put_wanted_sql(v_wanted, 'v_now', p_careful, true) || ' into v_first_at;'
      else jittask.watch_put_sql((p_watch).source_table, v_wanted, jittask.wanted_keys_sql(p_single, v_rows, v_key))
    end;
    if v_looks and not v_per_row then
      v_insert := format('select pg_catalog.count(*) into v_count from %s;', jittask.watch_relation_sql(p_watch, 'new'))
        || jittask.watch_many_sql(
          p_watch, p_single, v_rows, array[v_rows], v_key, jittask.wanted_keys_sql(p_single, v_rows, v_key), v_insert
        );
    end if;
  end if;
  if p_repeating = '{}' then
    return v_insert;
  end if;
  select coalesce(array_agg(t.task_id), '{}') into v_begun
  from jittask.task t
  where t.task_id = any (p_repeating)
    and t.skip_holidays = 'none'
    and not v_looks;
  if v_begun <> '{}' then
    v_insert := v_insert || jittask.watch_begin_sql(
      (p_watch).source_table, jittask.wanted_sql(v_begun, v_rows, v_key, 'v_now'),
      jittask.wanted_keys_sql(v_begun, v_rows, v_key)
    );
  end if;
  return v_insert || 'v_count := 0;' || jittask.watch_series_sql(
    format(
      'select z.* from (%s) z where z.nominal_at is not null and (%s) limit 20000',
      jittask.wanted_sql(p_repeating, v_rows, v_key, 'v_now'),
      case
        when v_begun = '{}' then 'true'
        else format(
          'pg_catalog.date_trunc(''second'', z.nominal_at) operator(pg_catalog.<=) v_now or z.task_id operator(pg_catalog.<>) all (%L::pg_catalog.int8[])',
          v_begun
        )
      end
    )
  ) || format(
    'if v_count operator(pg_catalog.=) 20000 then %s end if;',
    jittask.watch_list_sql((p_watch).source_table, jittask.wanted_keys_sql(p_repeating, v_rows, v_key))
  );
end;
$$;
