-- Text of a select that says what the given tasks of one table want planned for the rows of
-- p_from (a relation expression whose alias r has the columns of the table).
-- Columns: task_id, plan_no, priority, queue, source_key, nominal_at, due_at, end_at, first_due_at.
-- due_at is null where nothing is wanted: filter not true, no usable date, past the end, or earlier
-- than p_since (an expression over t.misfire_grace and t.past_due). first_due_at ignores p_since.
-- Every row comes once per task, so that one join tells what to keep and what to drop. One pass over
-- p_from for all tasks; a task alone is pulled up by the planner into plain expressions.
create or replace function jittask.wanted_sql(
  p_task_ids bigint[],
  p_from text,
  p_key_sql text,
  p_since text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
      select t.task_id, t.plan_no, t.priority, t.queue, k.source_key, t.nominal_at,
        case when d.due_at >= %s then d.due_at end as due_at, t.end_at, d.due_at as first_due_at
      from %s
      cross join lateral (select %s as source_key offset 0) k
      cross join lateral (values %s) t (task_id, plan_no, priority, queue, misfire_grace, past_due, nominal_at, end_at%s)
      cross join lateral (select %s as due_at offset 0) d
    $sql$,
    p_since,
    p_from,
    p_key_sql,
    string_agg(
      format(
        '(%s::pg_catalog.int8, %s, %s, %L::pg_catalog.text, %L::pg_catalog.interval, %L::pg_catalog.text, %s, %s%s)',
        t.task_id, p.plan_no, t.priority, t.queue, t.misfire_grace, t.past_due,
        case
          when p.filter_sql is null then '(' || p.nominal_sql || ')'
          else format('case when %s then %s end', p.filter_sql, p.nominal_sql)
        end,
        case
          when p.end_sql is null then format('%L::pg_catalog.timestamptz', t.end_at)
          when t.end_at is null then '(' || p.end_sql || ')'
          else format('least(%s, %L::pg_catalog.timestamptz)', p.end_sql, t.end_at)
        end,
        case
          when not c.any_moves then ''
          when t.skip_holidays = 'none' then ', null::jittask.rule'
          else format(', %L::jittask.rule', jittask.task_rule(t, p, null, null))
        end
      ),
      ', ' order by t.task_id
    ),
    case when c.any_moves then ', rule' else '' end,
    format(
      'case when t.end_at is null or %s then %s end',
      case
        when c.any_moves then
          'greatest(t.nominal_at, case when t.rule is null then t.nominal_at else jittask.due_of(t.rule, t.nominal_at) end) <= t.end_at'
        else 't.nominal_at <= t.end_at'
      end,
      case
        when c.any_moves then
          'case when t.rule is null then t.nominal_at else jittask.due_of(t.rule, t.nominal_at) end'
        else 't.nominal_at'
      end
    )
  )
  from jittask.task t
  join jittask.plan p on p.task_id = t.task_id
  cross join (
    select coalesce(bool_or(m.skip_holidays <> 'none'), false) as any_moves
    from jittask.task m
    where m.task_id = any (p_task_ids)
  ) c
  where t.task_id = any (p_task_ids)
  group by c.any_moves;
$$;
