-- Part of a generated trigger function: plans the rows that were updated, unless nothing that a task relies
-- on was changed. p_careful: see watch_events_sql.
create or replace function jittask.watch_update_sql(
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
  v_changed text := jittask.watch_changed_sql(p_watch, v_rows);
  v_key text := jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r');
  v_plan text := '';
begin
  if p_single <> '{}' then
    v_plan := jittask.put_wanted_sql(
      jittask.wanted_sql(
        p_single,
        -- What is past is planned again at a change of its row only.
        case
          when exists (select from jittask.task t where t.task_id = any (p_single) and t.past_due = 'run_now')
            then v_changed
          else v_rows
        end,
        v_key, 'v_now'
      ),
      'v_now', p_careful, true
    ) || ' into v_first_at;';
  end if;
  if p_repeating <> '{}' then
    v_plan := v_plan || jittask.watch_series_sql(jittask.wanted_sql(p_repeating, v_changed, v_key, 'v_now'));
  end if;
  if not jittask.fires_per_row(p_watch) then
    v_plan := jittask.watch_many_sql(
      p_watch, p_single, v_changed, array[v_changed, jittask.watch_relation_sql(p_watch, 'old')], v_key,
      format('select %s as source_key from %s', v_key, v_changed), v_plan
    );
  end if;
  return format(
    $sql$
    %s
    %s
    if not v_same_keys then
      %s
    end if;
    $sql$,
    jittask.watch_compare_sql(p_watch), v_plan,
    jittask.watch_delete_sql(p_watch, p_single, p_repeating, jittask.watch_gone_sql(p_watch, p_careful, true))
  );
end;
$$;
