-- Why an occurrence of a task is due when it is: the name of the holiday that it was moved off, a gap or
-- an overlap of the clocks. Null when its wall-clock time says it all. Caller: the command line.
create or replace function jittask.why_due(
  p_task_name text,
  p_nominal_at timestamptz,
  p_due_at timestamptz
)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select jittask.moved_by(t.calendar, p.timezone, p_nominal_at, p_due_at)
  from jittask.task t
  join jittask.plan p on p.task_id = t.task_id
  where t.name = p_task_name;
$$;
