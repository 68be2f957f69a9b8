-- Which of the locked occurrences share a lease, when some were lost with a worker before: one that
-- was is claimed alone, and one at a time by each worker, so that what killed the worker takes nothing
-- along when it does so again. The oldest decides whether the others are claimed now, or it.
-- Caller: lock_due.
create or replace function jittask.keep_apart(
  p_worker_id bigint,
  p_ids bigint[],
  out one_offs bigint[],
  out planned bigint[]
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with locked as (
    select q.occurrence_id, q.task_id, q.suspect,
      row_number() over (order by q.priority, q.run_at, q.occurrence_id) as no,
      first_value(q.suspect) over (order by q.priority, q.run_at, q.occurrence_id)
        and not h.holds as alone
    from jittask.due_queue q
    cross join jittask.holds_suspect(p_worker_id) h (holds)
    where q.occurrence_id = any (p_ids)
  )
  select coalesce(array_agg(l.occurrence_id order by l.no) filter (where l.task_id is null), '{}'),
    coalesce(array_agg(l.occurrence_id order by l.no) filter (where l.task_id is not null), '{}')
  from locked l
  where case when l.alone then l.no = 1 else not l.suspect end;
$$;
