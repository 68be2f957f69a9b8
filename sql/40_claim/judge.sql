-- Decides at the claim what becomes of one locked due occurrence of a task: true = it runs now.
-- Drops rows of an older plan, applies misfire, overlap and max_running, counts the series on and
-- plans the next one. Locks: the queue row (held), then series, then plan, both skip locked. Caller:
-- judge_planned.
create or replace function jittask.judge(
  p_occurrence_id bigint,
  p_now timestamptz
)
returns bool
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_row jittask.due_queue;
  v_task jittask.task;
  v_plan jittask.plan;
  v_planned bool;
  v_taken bool;
begin
  select q.* into v_row from jittask.due_queue q where q.occurrence_id = p_occurrence_id;
  select t.* into v_task from jittask.task t where t.task_id = v_row.task_id;
  select p.* into v_plan from jittask.plan p where p.task_id = v_row.task_id;
  v_planned := v_row.plan_no is not null and v_row.first_claimed_at is null;
  if v_task.task_id is null or v_planned and v_row.plan_no <> v_plan.plan_no then
    if v_planned then
      delete from jittask.due_queue q where q.occurrence_id = p_occurrence_id;
    else
      perform jittask.end_waiting(p_occurrence_id, 'cancelled', 'the task was deleted', 0, p_now);
    end if;
    return false;
  end if;
  -- Whoever holds the series, a writer, may wait for rows of others that wait for us: then it is left to the
  -- next claim.
  if v_planned then
    perform from jittask.series s
    where s.task_id = v_row.task_id and s.source_key = v_row.source_key
    for update skip locked;
    if not found and exists (
      select from jittask.series s where s.task_id = v_row.task_id and s.source_key = v_row.source_key
    ) then
      return false;
    end if;
  end if;
  if v_planned and v_row.run_at < p_now - v_task.misfire_grace then
    v_row := jittask.judge_late(v_row, v_task, v_plan, p_now);
    if v_row.occurrence_id is null then
      return false;
    end if;
  end if;
  if v_row.first_claimed_at is null and v_task.overlap <> 'allow' and exists (
    select from jittask.due_queue o
    where o.task_id = v_row.task_id
      and o.source_key = v_row.source_key
      and o.occurrence_id <> p_occurrence_id
      and o.first_claimed_at is not null
  ) then
    -- A task that does not repeat has no next occurrence that would make up for a skipped one: a date
    -- that was moved while its row was being run is a new promise.
    if v_task.overlap = 'wait'
       or v_task.repeat = 'none'
       or v_task.misfire = 'all' and v_row.run_at < p_now - v_task.misfire_grace then
      update jittask.due_queue q
      set run_at = p_now + interval '1 second'
      where q.occurrence_id = p_occurrence_id;
    else
      if v_planned then
        perform jittask.plan_next(v_row, v_task, v_plan, false);
      end if;
      perform jittask.skip_overlap(v_row, p_now);
    end if;
    return false;
  end if;
  if v_task.max_running is not null then
    v_taken := jittask.take_running(v_task, p_occurrence_id);
    if v_taken is null then
      return false;
    elsif not v_taken then
      update jittask.due_queue q
      set run_at = p_now + interval '1 second'
      where q.occurrence_id = p_occurrence_id;
      return false;
    end if;
  end if;
  if v_planned then
    perform jittask.plan_next(v_row, v_task, v_plan, true);
  end if;
  return true;
end;
$$;
