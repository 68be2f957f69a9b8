-- Text of a select that says what the given tasks of one table want planned for the rows of
-- p_from (a relation expression whose alias r has the columns of the table).
-- Columns: task_id, plan_no, priority, queue, source_key, nominal_at, due_at, end_at, first_due_at.
-- due_at is null where nothing is wanted: filter not true, no usable date, past the end, or earlier
-- than p_now (an expression) less the grace of the task. first_due_at ignores p_now.
-- Every row comes once per task. One pass over p_from for all tasks; "offset 0" keeps the planner from
-- computing a key or a date once for each place that uses it.
create or replace function jittask.wanted_sql(
  p_task_ids bigint[],
  p_from text,
  p_key_sql text,
  p_now text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
      select t.task_id, t.plan_no, t.priority, t.queue, k.source_key, t.nominal_at, t.due_at, t.end_at, t.first_due_at
      from %s
      cross join lateral (select %s as source_key offset 0) k
      cross join lateral (%s) t
    $sql$,
    p_from,
    p_key_sql,
    string_agg(
      format(
        $sql$
          select %s::pg_catalog.int8 as task_id, %s as plan_no, %s as priority, %L::pg_catalog.text as queue,
            d.nominal_at, d.end_at, d.due_at as first_due_at, %s as due_at
          from (select n.nominal_at, n.end_at, %s as due_at from (select %s as nominal_at, %s as end_at offset 0) n%s) d
        $sql$,
        t.task_id, p.plan_no, t.priority, t.queue,
        case
          when t.past_due = 'run_now' or p_now is null then 'd.due_at'
          else format(
            'case when d.due_at operator(pg_catalog.>=) (select %s operator(pg_catalog.-) %L::pg_catalog.interval) then d.due_at end',
            p_now, t.misfire_grace
          )
        end,
        case
          when m.bounded then format('case when greatest(n.nominal_at, %1$s) operator(pg_catalog.<=) n.end_at then %1$s end', m.due_sql)
          when p.end_sql is not null then format('case when n.end_at is null or greatest(n.nominal_at, %1$s) operator(pg_catalog.<=) n.end_at then %1$s end', m.due_sql)
          else m.due_sql
        end,
        case
          when p.filter_sql is null then p.nominal_sql
          else format('case when %s then %s end', p.filter_sql, p.nominal_sql)
        end,
        case
          when p.end_sql is null then format('%L::pg_catalog.timestamptz', t.end_at)
          when t.end_at is null then p.end_sql
          else format('least(%s, %L::pg_catalog.timestamptz)', p.end_sql, t.end_at)
        end,
        case when m.moves or m.bounded or p.end_sql is not null then ' offset 0' else '' end
      ),
      ' union all ' order by t.task_id
    )
  )
  from jittask.task t
  join jittask.plan p on p.task_id = t.task_id
  cross join lateral (
    select t.skip_holidays <> 'none' as moves,
      t.end_at is not null as bounded,
      case
        when t.skip_holidays = 'none' then 'n.nominal_at'
        else format('jittask.due_of(%L::jittask.rule, n.nominal_at)', jittask.task_rule(t, p, null, null))
      end as due_sql
  ) m
  where t.task_id = any (p_task_ids);
$$;
