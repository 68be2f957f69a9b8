-- The occurrences that a task wants planned now, by its rule, its series and its table. Reads only.
-- Caller: recompute.
create or replace function jittask.wanted_of(
  p_task jittask.task
)
returns table (source_key text, nominal_at timestamptz, due_at timestamptz)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_plan jittask.plan;
  v_watch jittask.watch;
  v_wanted text;
begin
  select p.* into v_plan from jittask.plan p where p.task_id = (p_task).task_id;
  if (p_task).paused_at is not null or v_plan.broken is not null then
    return;
  end if;
  if (p_task).kind = 'scheduled' then
    return query
    select '', o.nominal_at, o.due_at
    from jittask.series s
    cross join lateral jittask.occurrence_after(jittask.task_rule(p_task, v_plan, null, null), s.cursor_at) o
    where s.task_id = (p_task).task_id
      and o.due_at is not null
      and ((p_task).max_runs is null or s.runs < (p_task).max_runs);
    return;
  end if;
  select w.* into v_watch from jittask.watch w where w.source_table = (p_task).source_table;
  perform jittask.hold_source(v_watch);
  v_wanted := jittask.wanted_sql(
    array[(p_task).task_id], (p_task).source_table || ' r',
    jittask.key_sql(v_watch.table_oid::regclass, v_watch.key_columns, 'r'), 'null::pg_catalog.timestamptz'
  );
  if (p_task).repeat = 'none' then
    return query execute format(
      $sql$
        select w.source_key, w.nominal_at, w.due_at
        from (%s) w
        left join jittask.due_queue q
          on q.task_id = $1 and q.source_key = w.source_key and q.due_at = w.due_at
        where w.due_at is not null
          and q.first_claimed_at is null
          and not exists (
            select from jittask.called_off c
            where c.task_id = $1 and c.source_key = w.source_key and c.due_at = w.due_at
          )
          and (w.due_at > $2
               or (q.occurrence_id is not null or w.due_at >= $2 - $3 or $4)
                  and not jittask.was_claimed($1, w.source_key, w.due_at))
      $sql$,
      v_wanted
    )
    using (p_task).task_id, v_now, (p_task).misfire_grace, (p_task).past_due = 'run_now';
    return;
  end if;
  return query execute format(
    $sql$
      select w.source_key, o.nominal_at, o.due_at
      from (%s) w
      join jittask.series s on s.task_id = $1 and s.source_key = w.source_key
      cross join lateral (
        select jittask.task_rule($2, $3, s.anchor_at, w.end_at) as rule,
          (
            select min(q.due_at)
            from jittask.due_queue q
            where q.task_id = $1
              and q.source_key = w.source_key
              and q.plan_no = w.plan_no
              and q.first_claimed_at is null
          ) as waiting_at
        offset 0
      ) r
      cross join lateral jittask.occurrence_after(
        r.rule, jittask.series_begin(r.rule, s.cursor_at, r.waiting_at)
      ) o
      where w.nominal_at is not null
        and o.due_at is not null
        and ($4 is null or s.runs < $4)
    $sql$,
    v_wanted
  )
  using (p_task).task_id, p_task, v_plan, (p_task).max_runs;
end;
$$;
