-- Part of a generated trigger function: plans the series of each row that p_wanted (a select with
-- the columns of wanted_sql) names.
create or replace function jittask.watch_series_sql(
  p_wanted text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
    for v_series in
      select t as task, p as plan, w.source_key, w.nominal_at, w.end_at
      from (%s) w
      join jittask.task t on t.task_id = w.task_id
      join jittask.plan p on p.task_id = w.task_id
      order by w.task_id, w.source_key
    loop
      v_first_at := least(
        v_first_at,
        jittask.plan_series(
          v_series.task, v_series.plan, v_series.source_key, v_series.nominal_at, v_series.end_at,
          v_now, false
        )
      );
    end loop;
    $sql$,
    p_wanted
  );
$$;
