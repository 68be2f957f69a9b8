-- One table of check_watches: true when something had to be changed.
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
  v_table regclass := to_regclass((p_watch).source_table);
  v_problem text;
begin
  if v_table is null then
    v_problem := format('table "%s" does not exist', (p_watch).source_table);
  else
    select format(
      case
        when a.attname is null then 'column "%s" of table "%s" was dropped'
        else 'column "%s" of table "%s" was renamed or changed its type'
      end, c.key, (p_watch).source_table
    )
    into v_problem
    from jsonb_each((p_watch).columns) c
    left join pg_attribute a
      on a.attrelid = v_table and a.attname = c.key and not a.attisdropped
    where a.attname is null
       or format_type(a.atttypid, a.atttypmod) <> c.value ->> 1
    limit 1;
    if v_problem is null and not exists (
      select from pg_trigger g
      where g.tgrelid = v_table and g.tgname = 'jittask_watch_insert'
    ) and (p_watch).idle_since is null then
      v_problem := format('our triggers on table "%s" are gone', (p_watch).source_table);
    end if;
  end if;
  if v_problem is not distinct from (p_watch).broken then
    if v_problem is null and (
      (p_watch).table_oid <> v_table
      or (p_watch).reads_current <> jittask.has_row_triggers(v_table)
    ) then
      update jittask.watch w set table_oid = v_table where w.source_table = (p_watch).source_table;
      perform jittask.build_watch((p_watch).source_table);
      return true;
    end if;
    return false;
  end if;
  update jittask.watch w
  set broken = v_problem,
      broken_at = case when v_problem is not null then jittask.now() end,
      table_oid = coalesce(v_table, w.table_oid)
  where w.source_table = (p_watch).source_table;
  update jittask.plan p
  set broken = v_problem, broken_at = case when v_problem is not null then jittask.now() end
  from jittask.task t
  where t.task_id = p.task_id and t.source_table = (p_watch).source_table;
  perform jittask.build_watch((p_watch).source_table);
  if v_problem is null then
    insert into jittask.replan (source_table, reason)
    values ((p_watch).source_table, 'the table can be watched again');
  end if;
  return true;
end;
$$;
