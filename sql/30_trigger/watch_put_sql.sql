-- Part of a generated trigger function: plans rows that are new. p_wanted: a select with the columns of
-- wanted_sql. Nothing of theirs should be in the queue, so this looks for nothing; whatever is there
-- nevertheless with the same identity makes it fail with unique_violation, and the function goes the
-- careful way. (ON CONFLICT would cost as much again as two of the indexes.) Nor can a new row have been
-- called off: that is forgotten with the row. Of more than 50,000, those that are due later than in ten
-- minutes are left to the sweep, for which the rows are listed: p_keys selects their source keys.
create or replace function jittask.watch_put_sql(
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
      insert into jittask.due_queue (
        task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
      )
      %1$s
      limit 50000;
      get diagnostics v_count = row_count;
      if v_count operator(pg_catalog.=) 50000 then
        v_near_at := v_now operator(pg_catalog.+) '10 minutes'::pg_catalog.interval;
        insert into jittask.due_queue (
          task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
        )
        select w.* from (%1$s offset 50000) w where w.due_at operator(pg_catalog.<=) v_near_at;
        %2$s
      end if;
    $sql$,
    n.new_sql, jittask.watch_list_sql(p_source_table, p_keys)
  )
  from (
    -- An OR is evaluated from left to right: what is due later needs no further look.
    select format(
      'select w.task_id, w.plan_no, w.priority, w.nominal_at, w.due_at, w.due_at as run_at, w.queue, w.source_key
      from (%s) w
      where w.due_at operator(pg_catalog.>) v_soon_at
         or w.due_at is not null and jittask.plans_soon(w.task_id, w.source_key, w.due_at, v_now, w.grace)',
      p_wanted
    ) as new_sql
  ) n;
$$;
