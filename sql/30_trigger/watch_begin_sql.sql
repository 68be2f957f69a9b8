-- Part of a generated trigger function: begins the series of rows that are new, all in one statement,
-- where the first due is still ahead: it is planned as it stands. p_wanted: a select with the columns
-- of wanted_sql for tasks that do not move holidays. A series that is there already makes it fail with
-- unique_violation, and the function goes the careful way. The other rows are left to put_series_sql. Of
-- more than 50,000 the rest is left to the sweep, for which the rows are listed: p_keys selects their keys.
create or replace function jittask.watch_begin_sql(
  p_source_table text,
  p_wanted text,
  p_keys text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
      with wanted as materialized (
        %1$s limit 50000
      ), begun as (
        insert into jittask.series (task_id, source_key, anchor_at, cursor_at, end_at)
        select w.task_id, w.source_key, w.anchor_at, v_now operator(pg_catalog.-) '1 microsecond'::pg_catalog.interval, w.end_at
        from wanted w
      ), put as (
      insert into jittask.due_queue (
        task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
      )
      select w.task_id, w.plan_no, w.priority, w.anchor_at, w.anchor_at, w.anchor_at, w.queue, w.source_key
      from wanted w
      where w.end_at is null or w.anchor_at operator(pg_catalog.<=) w.end_at
      returning due_at
      )
      select least(v_first_at, pg_catalog.min(p.due_at)), (select pg_catalog.count(*) from wanted)
      from put p into v_first_at, v_count;
      if v_count operator(pg_catalog.=) 50000 then
        %2$s
      end if;
    $sql$,
    n.new_sql,
    jittask.watch_list_sql(p_source_table, p_keys)
  )
  from (
    select format(
      'select w.*, pg_catalog.date_trunc(''second'', w.nominal_at) as anchor_at
      from (%s) w
      where w.nominal_at is not null
        and pg_catalog.date_trunc(''second'', w.nominal_at) operator(pg_catalog.>) v_now',
      p_wanted
    ) as new_sql
  ) n;
$$;
