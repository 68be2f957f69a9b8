-- Part of a generated trigger function: plans the series of the rows that p_wanted (a select with
-- the columns of wanted_sql) names, all in one statement. A claim holds its queue row while it plans the
-- next one, so waiting for that row first makes its result visible.
-- Locks: waiting queue rows, then series rows.
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
    if exists (select from (%1$s) w) then
      perform from (%1$s) w
      cross join lateral (
        select from jittask.due_queue q
        where q.task_id = w.task_id
          and q.source_key = w.source_key
          and q.plan_no is not null
          and q.first_claimed_at is null
        for update
      ) q;
      %2$s into v_count, v_series_at;
      v_first_at := least(v_first_at, v_series_at);
    end if;
    $sql$,
    p_wanted, jittask.put_series_sql(p_wanted, 'v_now', false)
  );
$$;
