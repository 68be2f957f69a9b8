-- One chunk of comparing a watched table with what is planned for it: the rows of the table, then what is
-- planned for rows that are gone, task after task. What differs is repaired. place: where the chunk
-- before ended, null = the beginning: then what happened to the table itself is followed first.
-- next_place is null at the end; a table that no task names gives no row.
-- Locks: the differing source rows, for share, those that a writer holds passed over and left to
-- replan; then queue and series rows.
create or replace function jittask.reconcile_next(
  source_table regclass,
  place jsonb default null
)
returns table (task_name text, compared bigint, missing bigint, extra bigint, wrong bigint, next_place jsonb)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_table regclass := coalesce(pg_partition_root(reconcile_next.source_table), reconcile_next.source_table);
  v_watch jittask.watch;
  v_task jittask.task;
  v_plan jittask.plan;
  v_rows record;
  v_gone record;
begin
  if not exists (select from pg_class c where c.oid = reconcile_next.source_table) then
    raise exception 'source_table is "%", and there is no such table', reconcile_next.source_table
      using errcode = 'JT001', hint = 'Name a watched table: select source_table from jittask.watch';
  end if;
  if reconcile_next.place is null then
    perform jittask.check_watch(w)
    from jittask.watch w
    where v_table in (jittask.named_table(w.source_table), w.table_oid) and w.idle_since is null and w.detached_at is null;
  end if;
  select w.* into v_watch from jittask.watch w where jittask.named_table(w.source_table) = v_table;
  select t.* into v_task
  from jittask.task t
  where t.source_table = v_watch.source_table
    and t.task_id >= coalesce((reconcile_next.place ->> 'task_id')::bigint, 0)
  order by t.task_id
  limit 1;
  if not found then
    return;
  end if;
  select p.* into v_plan from jittask.plan p where p.task_id = v_task.task_id;
  task_name := v_task.name;
  compared := 0;
  missing := 0;
  extra := 0;
  wrong := 0;
  if v_task.paused_at is null and v_plan.broken is null then
    perform jittask.hold_source(v_watch);
    if (reconcile_next.place ->> 'task_id')::bigint is distinct from v_task.task_id then
      reconcile_next.place := null;
    end if;
    if reconcile_next.place ->> 'gone_key' is null then
      select c.* into v_rows
      from jittask.compare_chunk(
        v_task, v_plan, v_watch,
        (select array_agg(k.value order by k.no)
         from jsonb_array_elements_text(reconcile_next.place -> 'after_key') with ordinality k (value, no)),
        20000, v_now
      ) c;
      compared := v_rows.looked;
      if v_rows.keys <> '{}' then
        select count(*) filter (where f = 'missing'), count(*) filter (where f = 'extra'), count(*) filter (where f = 'wrong')
        into missing, extra, wrong
        from unnest(v_rows.faults) f;
        perform jittask.replan_task(
          v_task.task_id, null, v_rows.keys, array_fill(v_now, array[cardinality(v_rows.keys)]), v_now
        );
      end if;
      next_place := jsonb_build_object('task_id', v_task.task_id)
        || case
             when v_rows.last_key is null then jsonb_build_object('gone_key', '')
             else jsonb_build_object('after_key', v_rows.last_key)
           end;
      return next;
      return;
    end if;
    select g.* into v_gone
    from jittask.gone_keys(v_task, v_watch, reconcile_next.place ->> 'gone_key', 20000) g;
    extra := cardinality(v_gone.keys);
    if extra > 0 then
      perform jittask.drop_gone(v_task, v_watch, v_gone.keys);
    end if;
    if v_gone.last_key is not null then
      next_place := jsonb_build_object('task_id', v_task.task_id, 'gone_key', v_gone.last_key);
      return next;
      return;
    end if;
  end if;
  select jsonb_build_object('task_id', min(t.task_id)) into next_place
  from jittask.task t
  where t.source_table = v_watch.source_table and t.task_id > v_task.task_id
  having count(*) > 0;
  return next;
end;
$$;
