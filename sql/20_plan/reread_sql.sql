-- The statement with which a worker, under its own role, reads the source rows of a date-field task
-- again just before the run. $1: source keys, $2: nominal instants in microseconds, null = the date
-- does not matter (run_now, retry by hand). jittask_n: index into them; a key without a row is gone.
-- jittask_verdict: null = run it, else the reason why not.
create or replace function jittask.reread_sql(
  p_task jittask.task,
  p_plan jittask.plan,
  p_key_columns text[]
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
      select k.n as jittask_n,
        case
          when (%s) is not true then 'the row no longer matches the filter'
          when k.nominal_us is not null and %s is distinct from k.nominal_us
            then 'the date of the row has moved'
        end as jittask_verdict,
        r.*
      from unnest($1::pg_catalog.text[], $2::pg_catalog.int8[]) with ordinality k (source_key, nominal_us, n)
      join %s r on %s%s
    $sql$,
    coalesce((p_plan).filter_sql, 'true'),
    case
      when (p_task).repeat = 'none'
        then format('(extract(epoch from %s) * 1000000)::pg_catalog.int8', (p_plan).nominal_sql)
      else format(
        'case when s.anchor_at = date_trunc(''second'', (%s) at time zone ''UTC'') at time zone ''UTC'' then k.nominal_us end',
        (p_plan).nominal_sql
      )
    end,
    (p_task).source_table,
    jittask.key_match_sql((p_task).source_table::regclass, p_key_columns, 'r', 'k.source_key'),
    case
      when (p_task).repeat <> 'none' then format(
        ' left join jittask.series s on s.task_id = %s and s.source_key = k.source_key',
        (p_task).task_id
      )
      else ''
    end
  );
$$;
