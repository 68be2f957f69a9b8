-- After a setting is changed: where it is the zone, the tasks that name none are compiled for the new
-- one and planned anew, date-field tasks by the sweep. A task whose table is gone or changed is left to
-- the sweep too. Security definer: nobody but the owner may write to the due queue.
-- Locks: plan rows, then those of plan_scheduled.
create or replace function jittask.setting_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := jittask.now();
  v_task jittask.task;
begin
  for v_task in
    select t.*
    from jittask.task t
    join jittask.plan p on p.task_id = t.task_id
    where t.timezone is null and p.timezone <> jittask.clock_of(new.value) and p.broken is null
    order by t.task_id
  loop
    begin
      perform jittask.compile_task(v_task, true);
    exception
      when undefined_table or undefined_column or datatype_mismatch or sqlstate 'JT001' or sqlstate 'JT005' then
        continue;
    end;
    if v_task.kind = 'scheduled' then
      perform jittask.plan_scheduled(v_task.task_id, v_now);
    elsif v_task.paused_at is null then
      perform jittask.build_watch(v_task.source_table);
      -- No trigger lock is taken, which the role that changes a setting may lack the right to.
      insert into jittask.replan (task_id, reason, writers)
      values (v_task.task_id, 'the setting timezone was changed', '{}');
    end if;
  end loop;
  return null;
end;
$$;
