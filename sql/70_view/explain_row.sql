-- Explains one row of a date-field task: what is planned for it, or what keeps it from firing.
create or replace function jittask.explain_row(
  p_task jittask.task,
  p_plan jittask.plan,
  p_watch jittask.watch,
  p_source_key text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_what text := format('Task "%s", row %s', p_task.name, p_source_key);
  v_value text;
  v_matches bool;
  v_nominal_at timestamptz;
  v_end_at timestamptz;
  v_found bool;
  v_due_at timestamptz;
  v_reason text;
begin
  execute format(
    'select true, r.%I::text, (%s) is true, %s, %s from %s r where %s',
    p_task.date_field, coalesce(p_plan.filter_sql, 'true'), p_plan.nominal_sql,
    coalesce(p_plan.end_sql, 'null'), p_task.source_table,
    jittask.key_match_sql(p_watch.table_oid::regclass, p_watch.key_columns, 'r', '$1')
  )
  using p_source_key
  into v_found, v_value, v_matches, v_nominal_at, v_end_at;
  if v_found is null then
    return format('%s never fires: %s has no such row.', v_what, p_task.source_table);
  elsif not v_matches then
    return format('%s does not fire: the filter %s is not true for it.', v_what, p_task.filter);
  elsif v_value is null then
    return format('%s does not fire: its %s is null.', v_what, p_task.date_field);
  elsif v_nominal_at is null then
    return format('%s does not fire: its %s, %s, is no date that can be reached.', v_what, p_task.date_field, v_value);
  end if;
  select r.reason into v_reason
  from jittask.replan r
  where (r.task_id = p_task.task_id or r.source_table = p_task.source_table)
    and (r.source_key = p_source_key or p_source_key = any (r.source_keys)
         or num_nonnulls(r.source_key, r.source_keys) = 0)
    -- What waits for writers is planned already; only what they write is not known yet.
    and coalesce(r.writers, '{}') = '{}'
  order by r.replan_id
  limit 1;
  if v_reason is not null then
    return format('%s is yet to be planned, by the next sweeps: %s.', v_what, v_reason);
  end if;
  if p_task.repeat <> 'none' then
    return jittask.explain_series(
      p_task, p_plan, p_source_key, jittask.task_rule(p_task, p_plan, v_nominal_at, v_end_at)
    );
  end if;
  v_due_at := jittask.due_of(jittask.task_rule(p_task, p_plan, v_nominal_at, null), v_nominal_at);
  if exists (
    select from jittask.due_queue q
    where q.task_id = p_task.task_id and q.source_key = p_source_key
      and (q.plan_no = p_plan.plan_no or q.first_claimed_at is not null)
  ) then
    return jittask.explain_series(p_task, p_plan, p_source_key, null);
  elsif v_due_at is null then
    return format('%s does not fire: its day is free and holiday_policy is "drop".', v_what);
  elsif greatest(v_due_at, v_nominal_at) > least(v_end_at, p_task.end_at) then
    return format(
      '%s does not fire: it would be due at %s, after its end, %s.', v_what,
      jittask.local_text(v_due_at, p_plan.timezone),
      jittask.local_text(least(v_end_at, p_task.end_at), p_plan.timezone)
    );
  elsif jittask.was_claimed(p_task.task_id, p_source_key, v_due_at) then
    return format('%s has run: it was due at %s.', v_what, jittask.local_text(v_due_at, p_plan.timezone));
  elsif v_due_at < jittask.now() then
    return format(
      '%s does not fire: it was due at %s, past already when the row was written (past_due = "%s").', v_what,
      jittask.local_text(v_due_at, p_plan.timezone), p_task.past_due
    );
  end if;
  return format(
    '%s should be planned for %s and is not yet: %s.', v_what, jittask.local_text(v_due_at, p_plan.timezone),
    case
      when p_watch.detached_at is not null
        then format('table %s is detached, until it is attached again', p_task.source_table)
      else 'the sweep will see to it'
    end
  );
end;
$$;
