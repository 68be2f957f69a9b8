-- A one-off: one call of a function, in the caller's transaction. Returns the occurrence id. A
-- dedupe_key is unique among unfinished occurrences, running ones included: a repeat returns the id
-- of the one there is and changes nothing. Locks: none but the new row.
create or replace function jittask.enqueue(
  handler text,
  args jsonb default '{}',
  due_at timestamptz default null,
  queue text default 'default',
  priority int default 100,
  dedupe_key text default null,
  timeout interval default null,
  max_attempts int default 1,
  retry_delay interval default '10 seconds',
  title text default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_due_at timestamptz := coalesce(enqueue.due_at, v_now);
  v_id bigint;
begin
  perform jittask.check_one_off(
    enqueue.handler, enqueue.args, v_due_at, enqueue.queue, enqueue.timeout, enqueue.max_attempts,
    enqueue.retry_delay
  );
  perform jittask.check_label('title', enqueue.title), jittask.check_label('dedupe_key', enqueue.dedupe_key);
  loop
    insert into jittask.due_queue (
      priority, nominal_at, due_at, run_at, queue, handler, args, title, dedupe_key, timeout,
      max_attempts, retry_delay, created_by
    )
    values (
      coalesce(enqueue.priority, 100), v_due_at, v_due_at, v_due_at,
      coalesce(enqueue.queue, 'default'), enqueue.handler, nullif(enqueue.args, '{}'),
      enqueue.title, enqueue.dedupe_key, enqueue.timeout, nullif(enqueue.max_attempts, 1),
      nullif(enqueue.retry_delay, '10 seconds'), session_user
    )
    on conflict (dedupe_key) where dedupe_key is not null do nothing
    returning due_queue.occurrence_id into v_id;
    exit when v_id is not null;
    -- The one in the way may finish between the two statements; then there is room again.
    select q.occurrence_id into v_id
    from jittask.due_queue q
    where q.dedupe_key = enqueue.dedupe_key;
    if v_id is not null then
      return v_id;
    end if;
  end loop;
  perform jittask.open_lane(coalesce(enqueue.queue, 'default'), coalesce(enqueue.priority, 100));
  perform jittask.wake_workers(v_due_at);
  return v_id;
end;
$$;
