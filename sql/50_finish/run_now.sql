-- Runs a task once, now, outside its plan: series, count and next occurrence stay as they are.
-- A date-field task needs the key of a row. Returns the id of the occurrence.
create or replace function jittask.run_now(
  task_name text,
  source_key jsonb default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_due_at timestamptz := v_now;
  v_task jittask.task := jittask.task_named(run_now.task_name);
  v_key text := '';
  v_id bigint;
begin
  if v_task.kind = 'date_field' then
    if run_now.source_key is null then
      raise exception 'Task "%" needs the key of a row', run_now.task_name
        using errcode = 'JT001',
              hint = format('Name a row of %s: jittask.run_now(%L, ''{"id": 7}'')',
                            v_task.source_table, run_now.task_name);
    end if;
    v_key := jittask.task_key(v_task, run_now.source_key);
  elsif run_now.source_key is not null then
    raise exception 'Task "%" is scheduled and has no rows', run_now.task_name
      using errcode = 'JT001', hint = 'Leave source_key out';
  end if;
  -- An identity is run once: where the plan has this very microsecond, the next one is taken.
  loop
    insert into jittask.due_queue (task_id, priority, nominal_at, due_at, run_at, queue, source_key)
    values (v_task.task_id, v_task.priority, v_due_at, v_due_at, v_now, v_task.queue, v_key)
    on conflict do nothing
    returning due_queue.occurrence_id into v_id;
    exit when v_id is not null;
    v_due_at := v_due_at + interval '1 microsecond';
  end loop;
  perform jittask.wake_workers(v_now);
  return v_id;
end;
$$;
