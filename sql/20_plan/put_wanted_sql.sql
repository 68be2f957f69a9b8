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
      select w.task_id, w.plan_no, w.priority, w.queue, w.source_key, w.nominal_at, w.due_at, p.stale,
        w.due_at is not null and p.kept is not true and %6$s as missing
      from (%1$s) w
      cross join lateral (
        select pg_catalog.array_agg(q.occurrence_id) filter (where q.due_at is distinct from w.due_at) as stale,
          pg_catalog.bool_or(q.due_at = w.due_at and q.plan_no = w.plan_no) as kept
        from jittask.due_queue q
        where q.task_id = w.task_id
          and q.source_key = w.source_key
          and q.plan_no is not null
          and q.first_claimed_at is null
      ) p
      where p.stale is not null or w.due_at is not null and p.kept is not true
    ), removed as (
      delete from jittask.due_queue q
      where q.occurrence_id = any (
          array(select o from differing d cross join lateral unnest(d.stale) o where d.stale is not null)
        )
        and q.first_claimed_at is null
    )
    %4$s
    insert into jittask.due_queue as q (
      task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
    )
    select d.task_id, d.plan_no, d.priority, d.nominal_at, d.due_at, d.due_at, d.queue, d.source_key
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
    jittask.in_time_sql('w')
  );
$$;
