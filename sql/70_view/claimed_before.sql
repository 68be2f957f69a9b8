-- What waits in the due queue and is claimed before p_to_at by workers that are there, with its task and plan:
-- of the given tasks (null = all, and one-offs) and queue (null = all). Nothing of what is paused, or of an
-- older plan. Without a fixed search_path, so that callers take it in and read it as a stream.
create or replace function jittask.claimed_before(
  p_to_at timestamptz,
  p_task_ids bigint[],
  p_queue text
)
returns table (waiting jittask.due_queue, task jittask.task, plan jittask.plan)
language sql
stable
security invoker
as $$
  select w.waiting, t, p
  from jittask.lane l
  cross join lateral (
    select q as waiting
    from jittask.due_queue q
    where q.queue = l.queue
      and q.priority = l.priority
      and q.run_at < p_to_at
      and q.lease_id is null
      and (p_task_ids is null or q.task_id = any (p_task_ids))
    offset 0
  ) w
  left join jittask.task t on t.task_id = (w.waiting).task_id
  left join jittask.plan p on p.task_id = (w.waiting).task_id
  where (p_queue is null or l.queue = p_queue)
    and not exists (select from jittask.paused_queue u where u.queue = l.queue)
    and case
      when (w.waiting).task_id is null then true
      when (w.waiting).plan_no is null or (w.waiting).first_claimed_at is not null then t.task_id is not null
      else (w.waiting).plan_no = p.plan_no and t.paused_at is null
    end;
$$;
