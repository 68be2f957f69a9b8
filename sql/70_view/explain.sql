-- When a task, or one row of a date-field task, fires next and why, or why it never will. Text for
-- people; times in the task's zone. Of a table that was changed a moment ago it says so, until the sweep
-- has followed.
create or replace function jittask.explain(
  task_name text,
  source_key jsonb default null
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  v_task jittask.task := jittask.task_named(explain.task_name);
  v_plan jittask.plan;
  v_fill jittask.backfill;
  v_watch jittask.watch;
begin
  if v_task.kind = 'scheduled' and explain.source_key is not null then
    raise exception 'Task "%" is scheduled and has no rows', v_task.name
      using errcode = 'JT001', hint = 'Leave source_key out';
  end if;
  select p.* into v_plan from jittask.plan p where p.task_id = v_task.task_id;
  if v_plan.broken is not null then
    return format(
      'Task "%s" cannot be planned: %s. What is due already is read again before it runs. It heals by itself when the cause is gone.',
      v_task.name, v_plan.broken
    );
  end if;
  if v_task.paused_at is not null then
    return format(
      'Task "%s" never fires while it is paused (since %s). Resume it: select jittask.resume(%L); it is planned from then on.',
      v_task.name, jittask.local_text(v_task.paused_at, v_plan.timezone), v_task.name
    );
  end if;
  if v_task.kind = 'scheduled' then
    return jittask.explain_series(v_task, v_plan, '', jittask.row_rule(v_task, v_plan, ''))
      || jittask.coverage_warning(v_task);
  end if;
  select w.* into v_watch from jittask.watch w where w.source_table = v_task.source_table;
  if explain.source_key is not null then
    begin
      perform jittask.hold_source(v_watch);
      return jittask.explain_row(
        v_task, v_plan, v_watch,
        jittask.canonical_key(v_watch.table_oid::regclass, v_watch.key_columns, explain.source_key)
      ) || jittask.coverage_warning(v_task);
    exception
      when undefined_column or undefined_table or undefined_function or datatype_mismatch or lock_not_available
        or sqlstate 'JT005' then
        return format(
          'Task "%s", row %s cannot be looked up just now: its table was changed, or is being changed (%s). The next sweep of a worker follows the change, or marks the task broken.',
          v_task.name, explain.source_key, sqlerrm
        );
    end;
  end if;
  select b.* into v_fill from jittask.backfill b where b.task_id = v_task.task_id;
  return concat_ws(
    ' ',
    case
      -- A table that was never analysed has no total.
      when v_fill.total >= v_fill.done and v_fill.total > 0 then format(
        'Task "%s": planning, %s %% of the rows of %s.', v_task.name,
        least(99, round(100.0 * v_fill.done / v_fill.total)), v_task.source_table
      )
      when v_fill.task_id is not null then format(
        'Task "%s": planning, %s rows of %s so far.', v_task.name, v_fill.done, v_task.source_table
      )
    end,
    (
      select case
        when n.due_at is not null then format(
          'Task "%s" watches %s.%s. Next: row %s, due %s. Look at one row: select jittask.explain(%L, %L).',
          v_task.name, v_task.source_table, v_task.date_field, n.source_key,
          jittask.local_text(n.due_at, v_plan.timezone), v_task.name, n.source_key
        )
        when v_fill.task_id is not null then 'No row is planned yet.'
        else format(
          'Task "%s" watches %s.%s. No row is planned now: none %s. It fires when one is written.',
          v_task.name, v_task.source_table, v_task.date_field,
          case when v_task.filter is null then 'has a date ahead' else 'matches the filter with a date ahead' end
        )
      end
      from (values (1)) one (no)
      left join jittask.coming_occurrences(v_task.name, 1, null) c on true
      cross join lateral (select c.row_key as source_key, c.due_at) n
    )
  ) || jittask.coverage_warning(v_task);
end;
$$;
