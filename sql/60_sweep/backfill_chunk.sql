-- Plans the next 20,000 rows of a large table for one task, in the order of its key, from where the
-- last chunk ended. While rows are left, the task stays in replan. Writers meanwhile plan their own
-- rows through the triggers, which stand already. Returns the number of rows looked at.
create or replace function jittask.backfill_chunk(
  p_task jittask.task,
  p_plan jittask.plan,
  p_watch jittask.watch,
  p_now timestamptz
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
set bytea_output = 'hex'
as $$
declare
  v_fill jittask.backfill;
  v_columns text;
  v_after text;
  v_last text[];
  v_from text;
  v_count bigint;
begin
  insert into jittask.backfill (task_id, plan_no, total)
  select p_task.task_id, p_plan.plan_no, greatest(c.reltuples, 0)
  from pg_class c
  where c.oid = p_watch.table_oid
  on conflict do nothing;
  select b.* into v_fill from jittask.backfill b where b.task_id = p_task.task_id for update;
  select string_agg(format('s.%I', a.attname), ', ' order by k.no),
    string_agg(format('($3)[%s]::%s', k.no, format_type(a.atttypid, a.atttypmod)), ', ' order by k.no)
  into v_columns, v_after
  from unnest(p_watch.key_columns) with ordinality k (name, no)
  join pg_attribute a on a.attrelid = p_watch.table_oid and a.attname = k.name;
  v_from := format(
    '(select s.* from %s s%s order by %s limit 20000)',
    p_watch.source_table,
    case
      when v_fill.after_key is not null then format(
        ' where (%s) > (%s)', v_columns,
        replace(v_after, '($3)', quote_literal(v_fill.after_key) || '::pg_catalog.text[]')
      )
      else ''
    end,
    v_columns
  );
  execute format(
    'select array[%s] from %s s order by %s limit 1',
    (select string_agg(format('s.%I::text', k), ', ') from unnest(p_watch.key_columns) k),
    v_from,
    (select string_agg(format('s.%I desc', k), ', ') from unnest(p_watch.key_columns) k)
  )
  into v_last;
  if v_last is null then
    delete from jittask.backfill b where b.task_id = p_task.task_id;
    return 0;
  end if;
  if has_table_privilege(p_watch.table_oid, 'UPDATE') then
    execute format('select from %s for share of s', substr(v_from, length('(select s.* from ') + 1, length(v_from) - length('(select s.* from ') - 1));
  end if;
  v_count := jittask.plan_source_rows(p_task, p_plan, v_from || ' r', null, p_now, true);
  update jittask.backfill b
  set after_key = v_last::text, done = b.done + v_count
  where b.task_id = p_task.task_id;
  insert into jittask.replan (task_id, reason)
  values (p_task.task_id, 'the planning of its table goes on');
  return v_count;
end;
$$;
