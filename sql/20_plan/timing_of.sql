-- The part of a task that decides when it runs, for comparing two versions of it. A change of any
-- of these plans anew; a change of nothing else does.
create or replace function jittask.timing_of(
  p_task jittask.task
)
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_array(
    (p_task).kind, (p_task).start_at, (p_task).repeat, (p_task).every, (p_task).period,
    (p_task).cron, (p_task).month_overflow, (p_task).timezone, (p_task).end_at,
    (p_task).max_runs, (p_task).calendar, (p_task).skip_holidays, (p_task).holiday_policy,
    (p_task).source_table, (p_task).date_field, (p_task).start_offset, (p_task).at_time,
    (p_task).filter, (p_task).end_field, (p_task).end_offset, (p_task).end_at_time,
    (p_task).past_due, (p_task).paused_at is not null
  );
$$;
