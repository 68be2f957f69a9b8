-- Compares what the tasks of one table want with what is planned, repairs the difference, says what
-- it found. For after a bypass: disabled triggers, replica role, restore. Locks: the differing source
-- rows, then queue and series rows.
create or replace function jittask.reconcile(
  source_table regclass
)
returns table (task_name text, missing bigint, extra bigint, wrong bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_task jittask.task;
  v_keys text[];
begin
  if not exists (select from pg_class c where c.oid = reconcile.source_table) then
    raise exception 'source_table is "%", and there is no such table', reconcile.source_table
      using errcode = 'JT001', hint = 'Name a watched table: select source_table from jittask.watch';
  end if;
  for v_task in
    select t.*
    from jittask.task t
    join jittask.watch w on w.source_table = t.source_table
    where w.table_oid = reconcile.source_table
    order by t.task_id
  loop
    select count(*) filter (where d.planned_at is null),
      count(*) filter (where d.wanted_at is null),
      count(*) filter (where d.planned_at <> d.wanted_at),
      array_agg(distinct d.source_key)
    into missing, extra, wrong, v_keys
    from jittask.plan_difference(v_task) d;
    if v_keys is not null then
      perform jittask.replan_task(v_task.task_id, null, v_keys, array_fill(v_now, array[cardinality(v_keys)]), v_now);
    end if;
    task_name := v_task.name;
    return next;
  end loop;
end;
$$;
