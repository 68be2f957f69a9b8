-- The occurrences of a rule that come after an instant, without a task: what planning computes.
-- occurrence_no counts every due from start_at, from 1; max_runs is measured by it. An end before
-- the start gives none. Raises JT001 for arguments that a task would be refused for.
create or replace function jittask.next_occurrences(
  repeat text,
  start_at timestamptz,
  after timestamptz,
  count int default 10,
  timezone text default null,
  every int default 1,
  period interval default null,
  cron text default null,
  month_overflow text default 'clamp',
  end_at timestamptz default null,
  max_runs int default null,
  calendar text default null,
  skip_holidays text default 'none',
  holiday_policy text default 'next_workday'
)
returns table (
  occurrence_no int,
  nominal_at timestamptz,
  due_at timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rule jittask.rule := jittask.checked_rule(
    next_occurrences.repeat, next_occurrences.start_at, next_occurrences.timezone,
    next_occurrences.every, next_occurrences.period, next_occurrences.cron,
    next_occurrences.month_overflow, next_occurrences.end_at, next_occurrences.max_runs,
    next_occurrences.calendar, next_occurrences.skip_holidays, next_occurrences.holiday_policy
  );
  v_last bigint;
begin
  if next_occurrences.after is null then
    raise exception using
      errcode = 'JT001',
      message = 'Field after is null',
      hint = 'Give the instant after which the occurrences are wanted, such as jittask.now()';
  elsif next_occurrences.count between 0 and 1000000 is not true then
    raise exception using
      errcode = 'JT001',
      message = format('Field count is out of range: "%s"', next_occurrences.count),
      hint = 'Ask for 0 to 1000000 occurrences';
  end if;

  due_at := next_occurrences.after;
  occurrence_no := jittask.count_occurrences(v_rule, '-infinity', due_at);
  v_last := least(occurrence_no + next_occurrences.count, next_occurrences.max_runs);
  while occurrence_no < v_last loop
    select o.nominal_at, o.due_at
    into next_occurrences.nominal_at, next_occurrences.due_at
    from jittask.occurrence_after(v_rule, next_occurrences.due_at) o;
    exit when next_occurrences.due_at is null;
    occurrence_no := occurrence_no + 1;
    return next;
  end loop;
end;
$$;
