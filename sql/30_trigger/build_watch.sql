-- Generates the trigger function of a source table from the tasks that use it now; without any it
-- becomes empty. Columns that were relied on already keep the number and the type that the tasks were
-- compiled for: only check_watch, which compiles them all, takes over what a user changed.
-- Caller holds the trigger lock of the table when a task is added or changed.
create or replace function jittask.build_watch(
  p_source_table text
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch jittask.watch;
  v_single bigint[];
  v_repeating bigint[];
  v_body text := 'return null;';
begin
  select
    coalesce(array_agg(t.task_id order by t.task_id) filter (where t.repeat = 'none'), '{}'),
    coalesce(array_agg(t.task_id order by t.task_id) filter (where t.repeat <> 'none'), '{}')
  into v_single, v_repeating
  from jittask.task t
  join jittask.plan p on p.task_id = t.task_id
  where t.source_table = p_source_table and t.paused_at is null and p.broken is null;
  update jittask.watch w
  set columns = jittask.source_columns(p_source_table, w.key_columns) || (
        select coalesce(jsonb_object_agg(c.key, c.value), '{}')
        from jsonb_each(w.columns) c
        where c.key = any (jittask.relied_columns(p_source_table, w.key_columns))
      ),
      reads_current = jittask.has_row_triggers(w.table_oid),
      idle_since = case
        when v_single || v_repeating = '{}' then coalesce(w.idle_since, clock_timestamp())
      end
  where w.source_table = p_source_table
  returning w.* into v_watch;
  if not found then
    return;
  end if;
  if v_single || v_repeating <> '{}' then
    v_body := jittask.watch_body_sql(v_watch, v_single, v_repeating);
  end if;
  execute jittask.watch_function_sql(v_watch.function_name, v_body);
end;
$$;
