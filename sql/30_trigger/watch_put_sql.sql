-- Part of a generated trigger function: puts what is wanted (a select with the columns of
-- wanted_sql) into the due queue. A claimed identity stays what it is. Only what is due already can
-- have been claimed before, so only that is looked up.
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
    insert into jittask.due_queue as q (
      task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
    )
    select p.task_id, p.plan_no, p.priority, p.nominal_at, p.due_at, p.due_at, p.queue, p.source_key
    from (%s) p
    where p.due_at is not null
      and (p.due_at > v_now or not jittask.was_claimed(p.task_id, p.source_key, p.due_at))
    on conflict (task_id, source_key, due_at) where task_id is not null do update
      set plan_no = excluded.plan_no,
          nominal_at = excluded.nominal_at
      where q.first_claimed_at is null
        and q.plan_no is distinct from excluded.plan_no;
    $sql$,
    p_wanted
  );
$$;
