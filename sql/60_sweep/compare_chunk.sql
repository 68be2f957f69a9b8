-- Looks whether the due queue holds what the next rows of a table want, up to p_limit of them in the
-- order of its key, from p_after_key (texts of the key columns; null = the beginning). last_key: of the
-- rows looked at, null at the end; looked: how many; keys: those that differ, each with its fault in
-- faults: missing, extra or wrong. What went overdue while nobody claimed it is no fault.
-- Reads only: no source row is locked. Caller: reconcile_next, reconcile_some.
create or replace function jittask.compare_chunk(
  p_task jittask.task,
  p_plan jittask.plan,
  p_watch jittask.watch,
  p_after_key text[],
  p_limit int,
  p_now timestamptz,
  out last_key text[],
  out looked bigint,
  out keys text[],
  out faults text[]
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
set bytea_output = 'hex'
set enable_seqscan = off
set jit = off
as $$
declare
  v_fault text;
begin
  select k.last_key, k.looked into last_key, looked from jittask.key_chunk(p_watch, p_after_key, p_limit) k;
  if last_key is null then
    return;
  end if;
  v_fault := case
    when p_task.repeat = 'none' then
      -- What is past by more than the grace is wanted only as long as it is planned.
      'case
         when w.due_at is null or exists (
           select from jittask.called_off c
           where c.task_id = w.task_id and c.source_key = w.source_key and c.due_at = w.due_at
         ) then case when p.due_at is not null then ''extra'' end
         when p.due_at is not null and p.planned = 1 and p.due_at = w.due_at then null
         when w.due_at <= $1 and (
           w.due_at < $1 - $2.misfire_grace and $2.past_due <> ''run_now''
           or jittask.was_claimed(w.task_id, w.source_key, w.due_at)
         ) then case when p.due_at is not null then ''extra'' end
         when p.due_at is null then ''missing''
         else ''wrong''
       end'
    else
      'case
         when w.nominal_at is null then case when p.due_at is not null then ''extra'' end
         when s.task_id is null
              or s.anchor_at <> date_trunc(''second'', w.nominal_at)
              or s.end_at is distinct from w.end_at then case when p.due_at is null then ''missing'' else ''wrong'' end
         else (
           select case
             when o.due_at is null then case when p.due_at is not null then ''extra'' end
             when p.due_at is null then ''missing''
             when p.due_at <> o.due_at or p.planned > 1 then ''wrong''
           end
           from (select jittask.task_rule($2, $3, s.anchor_at, s.end_at) as rule offset 0) r
           left join lateral jittask.occurrence_after(r.rule, jittask.series_begin(r.rule, s.cursor_at, p.due_at)) o
             on $2.max_runs is null or s.runs < $2.max_runs
         )
       end'
  end;
  execute format(
    $sql$
      with compared as materialized (
        select w.source_key, %2$s as fault
        from (%1$s) w
        cross join lateral (
          select count(*) as planned, min(q.due_at) as due_at
          from jittask.due_queue q
          where q.task_id = w.task_id
            and q.source_key = w.source_key
            and q.plan_no = w.plan_no
            and q.first_claimed_at is null
        ) p
        left join lateral (
          select s.* from jittask.series s where s.task_id = w.task_id and s.source_key = w.source_key offset 0
        ) s on true
      )
      select coalesce(array_agg(c.source_key order by c.source_key), '{}'),
        coalesce(array_agg(c.fault order by c.source_key), '{}')
      from compared c
      where c.fault is not null
    $sql$,
    jittask.wanted_sql(
      array[p_task.task_id],
      format(
        '(select s.* from %s s where %s) r', p_watch.source_table,
        (select o.condition from jittask.key_order(p_watch, 's', p_after_key, last_key) o)
      ),
      jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 'r'), '$1'
    ),
    v_fault
  )
  using p_now, p_task, p_plan
  into keys, faults;
end;
$$;
