-- The rule of a task as recurrence wants it. p_anchor_at, p_end_at: those of the source row for a
-- date-field task, ignored for a scheduled one. The earlier of a fixed and a row's own end counts.
create or replace function jittask.task_rule(
  p_task jittask.task,
  p_plan jittask.plan,
  p_anchor_at timestamptz,
  p_end_at timestamptz
)
returns jittask.rule
language sql
immutable
security invoker
as $$
  select row(
    (p_task).repeat,
    case
      when (p_task).kind = 'date_field' then p_anchor_at
      when (p_task).repeat = 'none' then (p_task).start_at
      else date_trunc('second', (p_task).start_at at time zone 'UTC') at time zone 'UTC'
    end,
    case
      when (p_task).kind = 'date_field' then null
      when (p_task).repeat = 'none' then (p_task).start_at
      else date_trunc('second', (p_task).start_at at time zone 'UTC') at time zone 'UTC'
    end,
    (p_plan).timezone,
    (p_task).every,
    (p_task).period,
    (p_plan).cron_form,
    (p_task).month_overflow,
    least((p_task).end_at, p_end_at),
    (p_task).calendar,
    (p_task).skip_holidays,
    (p_task).holiday_policy,
    (p_task).kind = 'date_field'
  )::jittask.rule;
$$;
