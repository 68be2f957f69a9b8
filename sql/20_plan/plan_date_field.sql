-- Plans every row of a date-field task: in this transaction up to 50,000 rows, else through replan
-- and the sweep. A session that cannot see what committed since its snapshot leaves it to the sweep
-- as well. The caller holds the trigger lock of the table, so that no writer in flight is missed.
create or replace function jittask.plan_date_field(
  p_task jittask.task,
  p_plan jittask.plan,
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_many bool;
  v_total bigint;
begin
  delete from jittask.backfill b where b.task_id = p_task.task_id;
  if p_task.paused_at is not null or p_plan.broken is not null then
    perform jittask.drop_planned(p_task.task_id, null);
    return;
  end if;
  execute format('select count(*) > 50000 from (select from %s limit 50001) r', p_task.source_table)
  into v_many;
  if v_many or current_setting('transaction_isolation') <> 'read committed' then
    select greatest(c.reltuples, 0) into v_total
    from pg_class c
    where c.oid = to_regclass(p_task.source_table);
    insert into jittask.backfill (task_id, plan_no, is_first, total, since_at)
    values (p_task.task_id, p_plan.plan_no, p_plan.plan_no = 1, v_total, p_now);
    insert into jittask.replan (task_id, reason)
    values (p_task.task_id, 'the task was defined or changed');
    return;
  end if;
  if p_plan.plan_no > 1 then
    perform jittask.drop_planned(p_task.task_id, null);
  end if;
  perform jittask.plan_source_rows(
    p_task, p_plan, format('(select s.*, ($3)[1] as jittask_since from %s s) r', p_task.source_table), null, array[p_now],
    p_now, true
  );
end;
$$;
