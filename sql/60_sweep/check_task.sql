-- Compiles a date-field task anew after its table was changed. Where that fails, or p_problem says why
-- the whole table cannot be watched, the task is marked broken with the reason, and what was planned
-- never fires; one record says so. p_anew, and healing: its rows are planned from now, through replan.
create or replace function jittask.check_task(
  p_task jittask.task,
  p_problem text,
  p_anew bool
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := jittask.now();
  v_plan jittask.plan;
  v_dropped bigint;
begin
  select p.* into v_plan from jittask.plan p where p.task_id = p_task.task_id;
  if p_problem is null then
    begin
      perform jittask.compile_task(p_task, v_plan.broken is not null);
      if p_anew or v_plan.broken is not null then
        insert into jittask.replan (task_id, reason) values (p_task.task_id, 'its table was changed');
      end if;
      return;
    exception
      when sqlstate 'JT001' or sqlstate 'JT005' or undefined_table then p_problem := sqlerrm;
      -- check_watch names the grant.
      when insufficient_privilege then return;
    end;
  end if;
  if p_problem is distinct from v_plan.broken then
    update jittask.plan p
    set broken = p_problem,
        broken_at = coalesce(p.broken_at, v_now),
        plan_no = p.plan_no + (p.broken is null)::int
    where p.task_id = p_task.task_id;
    delete from jittask.backfill b where b.task_id = p_task.task_id;
    v_dropped := jittask.drop_planned(p_task.task_id, null);
    if v_plan.broken is null then
      insert into jittask.run_history (
        occurrence_id, task_id, nominal_at, due_at, finished_at, missed, outcome, task_name, kind, queue,
        priority, error
      )
      values (
        nextval(pg_get_serial_sequence('jittask.due_queue', 'occurrence_id')), p_task.task_id, v_now, v_now, v_now,
        v_dropped, 'error', p_task.name, p_task.kind, p_task.queue, p_task.priority,
        'the task cannot be planned any more: ' || p_problem
      );
    end if;
  end if;
end;
$$;
