-- Text of a select that says what the given tasks of one table want planned for the rows of
-- p_from (a relation expression whose alias r has the columns of the table).
-- Columns: task_id, plan_no, priority, queue, source_key, nominal_at, due_at, end_at, grace, since_at.
-- due_at is null where nothing is wanted: filter not true, no usable date, past the end. What is due
-- earlier than since_at (p_since, an expression over r) less grace may stay planned, but is not planned
-- anew (in_time_sql); grace null = however late.
-- Every row comes once per task. One pass over p_from for all tasks, and few plan nodes, because single
-- rows pay for each; "offset 0" keeps a key or a date from being computed once for each use of it.
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
  with wanted as (
    select t.*, p.plan_no,
      row_number() over (order by t.task_id) as no,
      jittask.matching_nominal_sql(p) as nominal_sql,
      case
        when p.end_sql is null then format('%L::pg_catalog.timestamptz', t.end_at)
        when t.end_at is null then p.end_sql
        else format('least(%s, %L::pg_catalog.timestamptz)', p.end_sql, t.end_at)
      end as end_sql,
      p.end_sql is not null or t.end_at is not null as ends,
      jittask.task_rule(t, p, null, null) as rule
    from jittask.task t
    join jittask.plan p on p.task_id = t.task_id
    where t.task_id = any (p_task_ids)
  ), branch as (
    select w.no, w.nominal_sql, w.end_sql,
      format(
        $sql$
          select %s::pg_catalog.int8 as task_id, %s as plan_no, %s as priority, %L::pg_catalog.text as queue,
            x.source_key, x.nominal_%s as nominal_at, %s as due_at, x.end_%s as end_at,
            %L::pg_catalog.interval as grace, x.since_at
        $sql$,
        w.task_id, w.plan_no, w.priority, w.queue, w.no, d.due_sql, w.no,
        case when w.past_due = 'ignore' then w.misfire_grace end
      ) as select_sql,
      case
        when d.due_sql = 'd.due_at' then format(
          'cross join lateral (select case when %s then m.due_at end as due_at from (select %s as due_at offset 0) m offset 0) d',
          case
            when w.ends then format('x.end_%1$s is null or greatest(x.nominal_%1$s, m.due_at) operator(pg_catalog.<=) x.end_%1$s', w.no)
            else 'true'
          end,
          case
            when w.skip_holidays = 'none' then format('x.nominal_%s', w.no)
            else format('jittask.due_of(%L::jittask.rule, x.nominal_%s)', w.rule, w.no)
          end
        )
        else ''
      end as join_sql
    from wanted w
    cross join lateral (
      select case when w.ends or w.skip_holidays <> 'none' then 'd.due_at' else format('x.nominal_%s', w.no) end as due_sql
    ) d
  )
  select case
    when count(*) = 1 then format('%s from %s %s', min(b.select_sql), i.images, min(b.join_sql))
    else format(
      'select t.* from %s cross join lateral (%s) t', i.images,
      string_agg(
        b.select_sql || case
          when b.join_sql = '' then ''
          else regexp_replace(b.join_sql, '^cross join lateral', 'from')
        end,
        ' union all ' order by b.no
      )
    )
  end
  from branch b
  cross join (
    select format(
      '(select %s as source_key, %s as since_at, %s from %s offset 0) x', p_key_sql, p_since,
      string_agg(format('%s as nominal_%s, %s as end_%s', w.nominal_sql, w.no, w.end_sql, w.no), ', ' order by w.no),
      p_from
    ) as images
    from wanted w
  ) i
  group by i.images;
$$;
