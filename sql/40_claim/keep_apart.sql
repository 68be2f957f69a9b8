-- Which of the locked occurrences share a lease, when some were lost with a worker before: what may
-- have killed it must not take others along. Never lost: as many as there are; lost once: thirty;
-- lost twice: one. So an occurrence that kills its worker is alone at its third loss, and those that
-- only shared its lease are not. The oldest decides whose turn it is. Caller: lock_due.
create or replace function jittask.keep_apart(
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
    select q.occurrence_id, q.task_id, least(q.losses, 2) as losses,
      first_value(least(q.losses, 2)) over (order by q.priority, q.run_at, q.occurrence_id) as turn,
      row_number() over (
        partition by least(q.losses, 2) order by q.priority, q.run_at, q.occurrence_id
      ) as no
    from jittask.due_queue q
    where q.occurrence_id = any (p_ids)
  )
  select coalesce(array_agg(l.occurrence_id order by l.no) filter (where l.task_id is null), '{}'),
    coalesce(array_agg(l.occurrence_id order by l.no) filter (where l.task_id is not null), '{}')
  from locked l
  where l.losses = l.turn
    and (l.turn = 0 or l.turn = 1 and l.no <= 30 or l.no = 1);
$$;
