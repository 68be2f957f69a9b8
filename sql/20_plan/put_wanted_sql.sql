-- Text of the statement that makes the due queue hold what p_wanted (a select with the columns of
-- wanted_sql) says for tasks without repeat: what is planned otherwise goes, what is missing comes, and
-- what is planned as wanted stays, however late it is by now.
-- A claimed identity stays what it is and is not planned again; only what is due by p_now (an
-- expression) can have been claimed, so only that is looked up. p_upsert: an identity in the way is
-- no error. p_first: the statement answers the earliest instant that it put into the queue. Each probe
-- of the queue is a lateral subquery that the planner can neither reorder nor hash: whatever the sizes
-- were when the plan was made, it is one index descent a row.
-- Locks: queue rows. A row claimed meanwhile is not removed, and the new instant is planned beside it.
create or replace function jittask.put_wanted_sql(
  p_wanted text,
  p_now text,
  p_upsert bool,
  p_first bool
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
    with differing as materialized (
      select w.task_id, w.plan_no, w.priority, w.queue, w.source_key, w.nominal_at, w.due_at,
        case when p.due_at is distinct from w.due_at then p.occurrence_id end as stale_id,
        w.due_at is not null and %6$s as missing
      from (%1$s) w
      left join lateral (
        select q.occurrence_id, q.due_at, q.plan_no
        from jittask.due_queue q
        where q.task_id = w.task_id
          and q.source_key = w.source_key
          and q.plan_no is not null
          and q.first_claimed_at is null
        offset 0
      ) p on true
      where p.due_at is distinct from w.due_at or p.plan_no <> w.plan_no
    ), removed as (
      delete from jittask.due_queue q
      where q.occurrence_id = any (array(select d.stale_id from differing d where d.stale_id is not null))
        and q.first_claimed_at is null
    )
    %4$s
    insert into jittask.due_queue as q (
      task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
    )
    select %7$s d.task_id, d.plan_no, d.priority, d.nominal_at, d.due_at, d.due_at, d.queue, d.source_key
    from differing d
    where d.missing
      and %2$s
    %3$s
    %5$s
    $sql$,
    p_wanted, jittask.unused_identity_sql('d', p_now),
    case
      when p_upsert then
        'on conflict (task_id, source_key, due_at) where task_id is not null do update
           set plan_no = excluded.plan_no, nominal_at = excluded.nominal_at
           where q.first_claimed_at is null and q.plan_no is distinct from excluded.plan_no'
      else ''
    end,
    case when p_first then ', put as (' else '' end,
    case when p_first then 'returning q.due_at) select pg_catalog.min(p.due_at) from put p' else '' end,
    jittask.in_time_sql('w'),
    -- Two stale ones of a row ask for the same.
    case when p_upsert then 'distinct' else '' end
  );
$$;
