-- One table of check_watches: true when something had to be changed. What was renamed is followed; our
-- triggers are made again where they are gone and we may; each task that cannot be compiled any more is
-- marked broken with the reason, and one that can again is planned from now. Of a table that we may not
-- read every row of, nothing but that is noted: what is planned for it stays.
-- Locks: the trigger lock of the table, for 50 ms of waiting at most, only where triggers are made.
create or replace function jittask.check_watch(
  p_watch jittask.watch
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch jittask.watch;
  v_table regclass := jittask.named_table(p_watch.source_table);
  v_grants text := jittask.missing_grants(v_table, current_user, false);
  v_key text[];
  v_problem text;
  v_disabled text;
  v_again bool := false;
  v_anew bool := false;
begin
  if v_grants is not null then
    v_problem := format('role "%s", which owns jittask, may not read every row; run: %s', current_user, v_grants);
    update jittask.watch w
    set broken = v_problem, broken_at = coalesce(w.broken_at, jittask.now())
    where w.source_table = p_watch.source_table and w.broken is distinct from v_problem;
    return found;
  end if;
  v_watch := jittask.follow_names(p_watch);
  v_table := to_regclass(v_watch.source_table);
  if v_table is null then
    v_problem := format('table "%s" does not exist', v_watch.source_table);
  else
    begin
      v_key := jittask.watchable_key(v_table);
    exception
      when sqlstate 'JT005' then v_problem := sqlerrm;
    end;
  end if;
  if v_problem is null and v_watch.idle_since is null then
    perform jittask.release_strays(v_watch, v_table);
    if not jittask.watch_stands(v_watch, v_table) then
      v_problem := jittask.attach_again(v_watch.source_table);
      v_again := v_problem is null;
    -- DISABLE and ENABLE TRIGGER leave them as ordinary ones.
    elsif v_watch.replicated and exists (
      select from pg_trigger g
      where g.tgrelid = v_table and g.tgname like 'jittask\_watch\_%' and g.tgenabled = 'O'
    ) then
      v_disabled := jittask.attach_again(v_watch.source_table);
      v_again := v_disabled is null;
    end if;
    if exists (
      select from pg_trigger g
      where g.tgrelid = v_table and g.tgname like 'jittask\_watch\_%' and g.tgenabled in ('D', 'R')
    ) then
      v_disabled := format('our triggers on table "%s" are disabled: writes are not seen until they are enabled', v_watch.source_table);
    end if;
  end if;
  v_anew := v_again
    or p_watch.broken is not null and v_problem is null and v_disabled is null
    or v_key <> v_watch.key_columns
    -- Where a name passed to another column, writes since then were misread without an error.
    or exists (
      select from jsonb_each(p_watch.columns) c
      join pg_attribute a on a.attrelid = v_table and a.attname = c.key and not a.attisdropped
      where v_table::oid = p_watch.table_oid and a.attnum <> (c.value ->> 0)::int
    )
    or v_problem is null and jittask.source_types(jittask.source_columns(v_watch.source_table, v_key))
         is distinct from jittask.source_types(v_watch.columns) and p_watch.source_table = v_watch.source_table;
  if not v_anew
     and v_problem is null
     and v_watch = p_watch
     and v_disabled is not distinct from p_watch.broken
     and v_table::oid = v_watch.table_oid
     and jittask.source_columns(v_watch.source_table, v_key) = v_watch.columns
     and v_watch.reads_current = jittask.has_row_triggers(v_table)
     and not exists (
       select from jittask.task t join jittask.plan p on p.task_id = t.task_id
       where t.source_table = v_watch.source_table and p.broken is not null
     ) then
    return false;
  end if;
  if v_problem is not null and v_problem = p_watch.broken then
    return false;
  end if;
  update jittask.watch w
  set broken = coalesce(v_problem, v_disabled),
      broken_at = case when coalesce(v_problem, v_disabled) is not null then coalesce(w.broken_at, jittask.now()) end,
      table_oid = coalesce(v_table, w.table_oid),
      key_columns = coalesce(v_key, w.key_columns),
      -- Before the tasks are compiled, so that what is changed meanwhile differs from this.
      columns = jittask.source_columns(v_watch.source_table, coalesce(v_key, w.key_columns))
  where w.source_table = v_watch.source_table;
  if v_problem is null and not jittask.keys_stand(
    v_key, v_watch.columns, jittask.source_columns(v_watch.source_table, v_key)
  ) then
    perform jittask.forget_keys(v_watch.source_table);
  end if;
  perform jittask.check_task(t, v_problem, v_anew)
  from jittask.task t
  where t.source_table = v_watch.source_table and t.paused_at is null;
  perform jittask.build_watch(v_watch.source_table);
  return true;
end;
$$;
