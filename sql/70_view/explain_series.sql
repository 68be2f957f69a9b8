-- Explains one series: the next occurrence, or why there is none.
create or replace function jittask.explain_series(
  p_task jittask.task,
  p_plan jittask.plan,
  p_source_key text,
  p_rule jittask.rule
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_what text := format('Task "%s"', p_task.name)
    || case when p_source_key = '' then '' else ', row ' || p_source_key end;
  v_row jittask.due_queue;
  v_series jittask.series;
  v_why text;
begin
  select q.* into v_row
  from jittask.due_queue q
  where q.task_id = p_task.task_id
    and q.source_key = p_source_key
    and q.plan_no = p_plan.plan_no
    and q.first_claimed_at is null
  order by q.due_at
  limit 1;
  if found then
    v_why := jittask.moved_by(p_task.calendar, p_plan.timezone, v_row.nominal_at, v_row.due_at);
    return format(
      '%s fires next at %s%s%s.%s', v_what, jittask.local_text(v_row.due_at, p_plan.timezone),
      case
        when v_row.nominal_at <> v_row.due_at
          then ', moved from ' || jittask.local_text(v_row.nominal_at, p_plan.timezone)
      end,
      ' (' || v_why || ')',
      case
        when exists (select from jittask.paused_queue u where u.queue = p_task.queue)
          then format(' But queue "%s" is paused.', p_task.queue)
        when v_row.run_at < jittask.now() then ' It is due now and waits for a worker.'
        else ''
      end
    );
  end if;
  if exists (
    select from jittask.due_queue q
    where q.task_id = p_task.task_id and q.source_key = p_source_key and q.first_claimed_at is not null
  ) then
    return format('%s is running, or waits for another try; nothing is planned after it.', v_what);
  end if;
  select s.* into v_series
  from jittask.series s
  where s.task_id = p_task.task_id and s.source_key = p_source_key;
  return v_what || case when v_series.runs > 0 then ' never fires again: ' else ' never fires: ' end || case
    when v_series.runs >= p_task.max_runs then format(
      'it has run %s of %s times (max_runs). Raise max_runs to go on.', v_series.runs, p_task.max_runs
    )
    when p_task.repeat = 'none' and v_series.runs > 0 then 'it does not repeat and has run.'
    when p_rule.end_at < jittask.now() then format(
      'its end, %s, is past.', jittask.local_text(p_rule.end_at, p_plan.timezone)
    )
    when p_task.repeat = 'none' then format(
      'it does not repeat and its time, %s, is past. Run it once: select jittask.run_now(%L).',
      jittask.local_text(p_rule.anchor_at, p_plan.timezone), p_task.name
    )
    when p_rule.end_at is not null then format(
      'no occurrence of its rule is left before its end, %s.', jittask.local_text(p_rule.end_at, p_plan.timezone)
    )
    else 'no occurrence of its rule is left.'
  end;
end;
$$;
