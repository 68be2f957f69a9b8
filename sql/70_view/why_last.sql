-- Why nothing comes after the last of p_shown occurrences that preview gave, due at p_due_at, when more
-- were asked for: the end, the count, a rule that is exhausted. Of a date-field task without a key, that
-- all rows are shown. Without any occurrence, what explain says. Caller: the command line.
create or replace function jittask.why_last(
  p_task_name text,
  p_source_key jsonb,
  p_shown int,
  p_due_at timestamptz
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task jittask.task := jittask.task_named(p_task_name);
  v_plan jittask.plan;
  v_series jittask.series;
  v_rule jittask.rule;
  v_end_at timestamptz;
  v_end text;
  v_next record;
begin
  if p_shown = 0 then
    return jittask.explain(p_task_name, p_source_key);
  elsif v_task.kind = 'date_field' and p_source_key is null then
    return format(
      'these are all occurrences of the rows of %s that are planned; give a key to see what ends one of them',
      v_task.source_table
    );
  elsif v_task.repeat = 'none' then
    return 'it does not repeat';
  end if;

  select p.* into v_plan from jittask.plan p where p.task_id = v_task.task_id;
  select s.* into v_series
  from jittask.series s
  where s.task_id = v_task.task_id
    and s.source_key = case when p_source_key is null then '' else jittask.task_key(v_task, p_source_key) end;
  if v_series.runs + p_shown >= v_task.max_runs then
    return format(
      'max_runs is %s%s', v_task.max_runs, case when v_series.runs > 0 then format(', and it has run %s times', v_series.runs) end
    );
  end if;

  v_rule := jittask.row_rule(v_task, v_plan, v_series.source_key);
  v_end_at := v_rule.end_at;
  v_end := case
    when v_end_at = v_task.end_at then 'end_at'
    else format('%s.%s', v_task.source_table, v_task.end_field)
  end;
  v_rule.end_at := null;
  select o.nominal_at, o.due_at into v_next from jittask.occurrence_after(v_rule, p_due_at) o;
  return case
    when v_end_at is null or v_next.due_at is null then 'its rule has no later occurrence'
    when v_next.nominal_at <= v_end_at then format(
      'its end is %s (%s), and a free day moves the next, %s, past it, to %s', jittask.local_text(v_end_at, v_plan.timezone),
      v_end, jittask.local_text(v_next.nominal_at, v_plan.timezone), jittask.local_text(v_next.due_at, v_plan.timezone)
    )
    else format(
      'its end is %s (%s); the next would be due %s', jittask.local_text(v_end_at, v_plan.timezone), v_end,
      jittask.local_text(v_next.due_at, v_plan.timezone)
    )
  end;
end;
$$;
