-- Looks whether the due queue holds what the next rows of a table want, in the order of its key, from
-- p_after_key (text forms of the key columns; null = the beginning). Keys that differ are listed in
-- replan. Returns the last key looked at, null at the end. Reads only: no source row is locked.
create or replace function jittask.reconcile_chunk(
  p_task jittask.task,
  p_plan jittask.plan,
  p_watch jittask.watch,
  p_after_key text[],
  p_now timestamptz
)
returns text[]
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
set bytea_output = 'hex'
set enable_seqscan = off
set jit = off
as $$
declare
  v_columns text;
  v_texts text;
  v_bounds text;
  v_range text;
  v_last text[];
  v_differs text;
begin
  select string_agg(format('s.%I', a.attname), ', ' order by k.no),
    string_agg(format('s.%I::pg_catalog.text', a.attname), ', ' order by k.no),
    string_agg(format('$1[%s]::%s', k.no, format_type(a.atttypid, a.atttypmod)), ', ' order by k.no)
  into v_columns, v_texts, v_bounds
  from unnest(p_watch.key_columns) with ordinality k (name, no)
  join pg_attribute a on a.attrelid = p_watch.table_oid and a.attname = k.name;
  v_range := format(
    '(select s.* from %s s%s order by %s limit 20000)', p_watch.source_table,
    case when p_after_key is null then '' else format(' where (%s) > (%s)', v_columns, v_bounds) end,
    v_columns
  );
  execute format(
    'select c.last from (select array[%s] as last, row_number() over (order by %s) as no from %s s) c order by c.no desc limit 1',
    v_texts, v_columns, v_range
  )
  using p_after_key
  into v_last;
  if v_last is null then
    return null;
  end if;
  v_differs := case
    when p_task.repeat = 'none' then
      'p.planned > 1 or p.due_at is distinct from w.due_at
       and (p.due_at is not null
            or ' || jittask.in_time_sql('w') || '
               and (w.due_at > $2 or not jittask.was_claimed(w.task_id, w.source_key, w.due_at)))
       and (w.due_at is null or not exists (
         select from jittask.called_off c
         where c.task_id = w.task_id and c.source_key = w.source_key and c.due_at = w.due_at
       ))'
    else
      'case
         when w.nominal_at is null then p.due_at is not null
         else s.task_id is null
           or s.anchor_at <> date_trunc(''second'', w.nominal_at)
           or s.end_at is distinct from w.end_at
           or ($3.max_runs is null or s.runs < $3.max_runs)
              and p.due_at is distinct from (
                select o.due_at
                from jittask.occurrence_after(jittask.task_rule($3, $4, s.anchor_at, s.end_at), s.cursor_at) o
              )
       end'
  end;
  execute format(
    $sql$
      insert into jittask.replan (task_id, source_key, reason)
      select w.task_id, w.source_key, 'it differed from its row'
      from (%s) w
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
      where %s
    $sql$,
    jittask.wanted_sql(
      array[p_task.task_id], v_range || ' r',
      jittask.key_sql(p_watch.table_oid::regclass, p_watch.key_columns, 'r'), '$2'
    ),
    v_differs
  )
  using p_after_key, p_now, p_task, p_plan;
  return v_last;
end;
$$;
