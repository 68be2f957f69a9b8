-- Plans scheduled tasks anew from p_now, all in one statement: what their rules give now replaces
-- what was planned. Where nothing changes, nothing is written. What is wanted is joined to tables by their
-- indexes only: how many tasks are given is not known when the plan is made. Caller: calendars, zone data.
-- Locks: waiting queue rows by id, then series rows.
create or replace function jittask.replan_scheduled(
  p_task_ids bigint[],
  p_now timestamptz
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_count bigint;
begin
  perform from jittask.due_queue q
  where q.task_id = any (p_task_ids) and q.first_claimed_at is null and q.plan_no is not null
  order by q.occurrence_id
  for update;
  with wanted as materialized (
    select t.task_id, p.plan_no, t.priority, t.queue, c.cursor_at, o.nominal_at, o.due_at, k.kept
    from jittask.task t
    join jittask.plan p on p.task_id = t.task_id
    join jittask.series s on s.task_id = t.task_id and s.source_key = ''
    cross join lateral (
      select jittask.task_rule(t, p, null, null) as rule,
        greatest(s.cursor_at, p_now - interval '1 microsecond') as cursor_at
    ) c
    left join lateral jittask.occurrence_after(c.rule, c.cursor_at) o
      on t.max_runs is null or s.runs < t.max_runs
    cross join lateral (
      select coalesce(bool_or((q.due_at, q.nominal_at) = (o.due_at, o.nominal_at)), o.due_at is null) as kept
      from jittask.due_queue q
      where q.task_id = t.task_id and q.plan_no is not null and q.first_claimed_at is null
    ) k
    where t.task_id = any (p_task_ids)
  ), removed as (
    delete from jittask.due_queue q
    using wanted w
    where q.task_id = w.task_id
      and q.plan_no is not null
      and q.first_claimed_at is null
      and q.due_at > p_now
      and q.due_at is distinct from w.due_at
  ), moved as (
    update jittask.series s
    set cursor_at = w.cursor_at
    from wanted w
    where s.task_id = w.task_id and s.source_key = '' and not w.kept
  ), put as (
    insert into jittask.due_queue as q (
      task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
    )
    select w.task_id, w.plan_no, w.priority, w.nominal_at, w.due_at, w.due_at, w.queue, ''
    from wanted w
    where not w.kept
      and w.due_at is not null
      and not exists (
        select from jittask.due_queue o
        where o.task_id = w.task_id
          and o.plan_no is not null
          and o.first_claimed_at is null
          and o.due_at <= p_now
      )
    on conflict (task_id, source_key, due_at) where task_id is not null do update
      set nominal_at = excluded.nominal_at
      where q.first_claimed_at is null
  )
  select count(*) into v_count from wanted w where not w.kept;
  return v_count;
end;
$$;
