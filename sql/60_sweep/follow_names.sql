-- Follows what the user renamed: the source table (its triggers are still ours) and columns that its
-- tasks rely on, known by their numbers while the table is the same one. Renamed key columns change the
-- keys of running series and of what was put to work lately too. Returns the watch as it is now.
create or replace function jittask.follow_names(
  p_watch jittask.watch
)
returns jittask.watch
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_renamed jsonb;
begin
  perform set_config('jittask.follows', 'on', true);
  if to_regclass(p_watch.source_table) is null then
    select format('%I.%I', n.nspname, c.relname) into v_name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_watch.table_oid
      and exists (
        select from pg_trigger g
        join pg_proc p on p.oid = g.tgfoid
        where g.tgrelid = c.oid
          and p.proname = p_watch.function_name
          and p.pronamespace = 'jittask'::regnamespace
      );
    if v_name is not null and not exists (select from jittask.watch w where w.source_table = v_name) then
      update jittask.task t set source_table = v_name where t.source_table = p_watch.source_table;
      update jittask.replan r set source_table = v_name where r.source_table = p_watch.source_table;
      update jittask.watch w set source_table = v_name where w.source_table = p_watch.source_table;
      p_watch.source_table := v_name;
    end if;
  end if;
  if to_regclass(p_watch.source_table)::oid = p_watch.table_oid then
    select jsonb_object_agg(c.key, a.attname) into v_renamed
    from jsonb_each(p_watch.columns) c
    join pg_attribute a
      on a.attrelid = p_watch.table_oid and a.attnum = (c.value ->> 0)::int and not a.attisdropped
    where a.attname <> c.key;
  end if;
  if v_renamed is not null then
    update jittask.task t
    set date_field = coalesce(v_renamed ->> t.date_field, t.date_field),
        end_field = coalesce(v_renamed ->> t.end_field, t.end_field),
        filter = jittask.renamed_filter(t.filter, v_renamed)
    where t.source_table = p_watch.source_table;
    if v_renamed ?| p_watch.key_columns then
      update jittask.series s
      set source_key = jittask.renamed_key(s.source_key, v_renamed)
      where s.task_id in (select t.task_id from jittask.task t where t.source_table = p_watch.source_table);
      update jittask.called_off c
      set source_key = jittask.renamed_key(c.source_key, v_renamed)
      where c.task_id in (select t.task_id from jittask.task t where t.source_table = p_watch.source_table);
      update jittask.due_queue q
      set source_key = jittask.renamed_key(q.source_key, v_renamed)
      where q.task_id in (select t.task_id from jittask.task t where t.source_table = p_watch.source_table)
        and q.source_key <> ''
        and (q.first_claimed_at is not null or q.plan_no is null);
      update jittask.run_history h
      set source_key = jittask.renamed_key(h.source_key, v_renamed)
      where h.task_id in (select t.task_id from jittask.task t where t.source_table = p_watch.source_table)
        and h.source_key <> ''
        and h.due_at > jittask.now() - interval '1 day';
    end if;
  end if;
  perform set_config('jittask.follows', '', true);
  return p_watch;
end;
$$;
