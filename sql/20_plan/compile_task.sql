-- Compiles a task into its plan row. p_new_version: its timing changed, so that whatever an older
-- plan left in the due queue never fires. Refuses what it cannot compile, naming the field.
-- Locks: the plan row. Caller: the task's trigger, and whoever finds zone, calendar or table changed.
create or replace function jittask.compile_task(
  p_task jittask.task,
  p_new_version bool
)
returns jittask.plan
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan jittask.plan;
  v_key text[];
begin
  v_plan.timezone := jittask.clock_of(coalesce(p_task.timezone, jittask.installation_timezone()));
  if p_task.repeat = 'cron' then
    v_plan.cron_form := jittask.compile_cron(p_task.cron);
  end if;
  if p_task.kind = 'date_field' then
    v_key := jittask.watchable_key(p_task.source_table::regclass);
    v_plan.filter_sql := jittask.compile_filter(p_task.filter, p_task.source_table::regclass, v_plan.timezone, 'r');
    v_plan.nominal_sql := jittask.field_nominal_sql(
      jittask.date_column_type(p_task.source_table::regclass, p_task.date_field),
      format('r.%I', p_task.date_field), p_task.start_offset, p_task.at_time, v_plan.timezone
    );
    if p_task.end_field is not null then
      v_plan.end_sql := jittask.field_end_sql(
        jittask.date_column_type(p_task.source_table::regclass, p_task.end_field),
        format('r.%I', p_task.end_field), coalesce(p_task.end_offset, '0'), p_task.end_at_time,
        v_plan.timezone
      );
    end if;
    v_plan.detail := jittask.reread_sql(p_task, v_plan, v_key);
  end if;
  v_plan.detail := jittask.run_detail(p_task, v_plan.detail, v_key);
  insert into jittask.plan as p (
    task_id, timezone, cron_form, filter_sql, nominal_sql, end_sql, handler, args, detail, judged,
    planned_at
  )
  values (
    p_task.task_id, v_plan.timezone, v_plan.cron_form, v_plan.filter_sql, v_plan.nominal_sql,
    v_plan.end_sql, p_task.handler, nullif(p_task.args::text, '{}'), v_plan.detail,
    p_task.kind = 'scheduled' or p_task.repeat <> 'none' or p_task.max_running is not null
      or p_task.misfire <> 'latest',
    jittask.now()
  )
  on conflict (task_id) do update
    set plan_no = p.plan_no + p_new_version::int,
        timezone = excluded.timezone,
        cron_form = excluded.cron_form,
        filter_sql = excluded.filter_sql,
        nominal_sql = excluded.nominal_sql,
        end_sql = excluded.end_sql,
        handler = excluded.handler,
        args = excluded.args,
        detail = excluded.detail,
        judged = excluded.judged,
        broken = null,
        broken_at = null,
        planned_at = case when p_new_version then excluded.planned_at else p.planned_at end
  returning p.* into v_plan;
  perform jittask.open_lane(p_task.queue, p_task.priority);
  return v_plan;
end;
$$;
