-- After a task is written and its table's triggers stand: compiles it and plans it in this
-- transaction. Only a change of the timing makes a new version and plans anew; a change of routing
-- moves what is planned. What ran or is running is left alone, but a retry of an old version that
-- waits is called off, and it is recorded under the name the task had.
-- Security definer: nobody but the owner may write to the due queue.
create or replace function jittask.task_3_plan()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  v_now timestamptz := jittask.now();
  v_timing_changed bool := tg_op <> 'UPDATE' or jittask.timing_of(old) is distinct from jittask.timing_of(new);
  v_plan jittask.plan;
begin
  if tg_op = 'UPDATE' and (new.name <> old.name or v_timing_changed) then
    perform jittask.close_begun(old, v_timing_changed, 'the task was changed', v_now);
  end if;
  v_plan := jittask.compile_task(new, v_timing_changed);
  if tg_op = 'UPDATE' and (new.queue, new.priority) is distinct from (old.queue, old.priority) then
    -- By id, as writers and reports lock them.
    perform from jittask.due_queue q
    where q.task_id = new.task_id and q.lease_id is null
    order by q.occurrence_id
    for update;
    update jittask.due_queue q
    set queue = new.queue, priority = new.priority
    where q.task_id = new.task_id and q.lease_id is null;
  end if;
  if new.kind = 'date_field' then
    perform jittask.build_watch(new.source_table);
  end if;
  if tg_op = 'UPDATE' and old.source_table is distinct from new.source_table then
    delete from jittask.series s where s.task_id = new.task_id;
    perform jittask.build_watch(old.source_table);
  end if;
  if v_timing_changed then
    if new.kind = 'date_field' then
      perform jittask.plan_date_field(new, v_plan, v_now);
      perform jittask.wake_for_tasks(array[new.task_id], v_now);
    else
      perform jittask.plan_rule(new, v_plan, tg_op = 'INSERT', v_now);
    end if;
  end if;
  return null;
end;
$$;
