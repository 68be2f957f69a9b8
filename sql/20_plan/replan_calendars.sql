-- Plans anew every task that uses one of the given calendars, in this transaction: scheduled tasks
-- in one statement, source rows in sets, and once more when the writers in flight have ended. Tables
-- over 100,000 rows, and those that are being changed, only go through replan.
-- Locks: waiting queue rows, then series rows.
create or replace function jittask.replan_calendars(
  p_calendars text[]
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  v_now timestamptz := jittask.now();
  v_task record;
  v_rows bigint;
begin
  perform jittask.replan_scheduled(
    array(
      select t.task_id
      from jittask.task t
      where t.calendar = any (p_calendars)
        and t.skip_holidays <> 'none'
        and t.kind = 'scheduled'
        and t.paused_at is null
    ),
    v_now
  );
  for v_task in
    select t as task, p as plan
    from jittask.task t
    join jittask.plan p on p.task_id = t.task_id
    where t.calendar = any (p_calendars)
      and t.skip_holidays <> 'none'
      and t.kind = 'date_field'
      and t.paused_at is null
      and p.broken is null
    order by t.task_id
  loop
    begin
      perform jittask.hold_source(w) from jittask.watch w where w.source_table = (v_task.task).source_table;
      execute format(
        'select count(*) from (select from %s limit 100001) r', (v_task.task).source_table
      )
      into v_rows;
    exception
      when lock_not_available or undefined_table or insufficient_privilege or sqlstate 'JT005' then v_rows := null;
    end;
    -- Rows of writers in flight are planned by the calendar as it was.
    insert into jittask.replan (task_id, reason, writers)
    values ((v_task.task).task_id, 'its calendar changed', '{}');
    if v_rows > 100000 is not false then
      insert into jittask.replan (task_id, reason)
      values ((v_task.task).task_id, 'its calendar changed');
    else
      perform jittask.plan_source_rows(
        v_task.task, v_task.plan,
        format('(select s.*, ($3)[1] as jittask_since from %s s) r', (v_task.task).source_table), null,
        array[v_now], v_now, true
      );
    end if;
  end loop;
end;
$$;
