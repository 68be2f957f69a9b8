-- Part of a generated trigger function: plans rows that are new. p_wanted: a select with the columns of
-- wanted_sql. Nothing of theirs should be in the queue, so this looks for nothing; whatever is there
-- nevertheless with the same identity makes it fail with unique_violation, and the function goes the
-- careful way. (ON CONFLICT would cost as much again as two of the indexes.) Nor can a new row have been
-- called off: that is forgotten with the row.
create or replace function jittask.watch_put_sql(
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
      with put as (
      insert into jittask.due_queue (
        task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
      )
      select w.task_id, w.plan_no, w.priority, w.nominal_at, w.due_at, w.due_at, w.queue, w.source_key
      from (%s) w
      where w.due_at is not null
        and %s
      returning due_at
      )
      select pg_catalog.min(p.due_at) from put p into v_first_at;
    $sql$,
    p_wanted, jittask.unused_identity_sql('w', 'v_now', false)
  );
$$;
