-- Gives a worker up to p_limit due occurrences: they stay in the queue with the id of one new lease.
-- Committed before anything runs. p_inline: the worker runs internal functions (task.source) too;
-- p_isolated: it has a child process free for tasks with process isolation; p_in_database: it runs
-- functions of the database only. Rows that need no look of their own (one-offs, rows of tasks without
-- repeat or limits, on time) are claimed as a set; the others are judged one by one.
-- Locks: queue rows (skip locked), then series and plan rows. Never the source rows, never task.
create or replace function jittask.claim(
  p_worker_id bigint,
  p_limit int,
  p_queues text[] default null,
  p_after_run_us bigint default null,
  p_after_id bigint default null,
  p_inline bool default false,
  p_isolated bool default true,
  p_in_database bool default false
)
returns table (
  occurrence_id bigint,
  lease_id bigint,
  token bigint,
  handler text,
  args text,
  source_key text,
  nominal_us bigint,
  due_us bigint,
  run_us bigint,
  attempt int,
  missed int,
  detail text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_ids bigint[];
  v_planned bigint[];
  v_lease_id bigint;
  v_token bigint := (random() * 9007199254740991)::bigint;
begin
  select l.one_offs, l.planned
  into v_ids, v_planned
  from jittask.lock_due(
    p_worker_id, v_now, p_limit, p_queues,
    case
      when p_inline then '{}'
      else array(select p.task_id from jittask.plan p where p.handler is null)
    end || case
      when p_isolated then '{}'
      else array(select t.task_id from jittask.task t where t.isolation = 'process')
    end,
    coalesce(jittask.from_us(p_after_run_us), '-infinity'), coalesce(p_after_id, 0),
    case when p_in_database then array(select p.task_id from jittask.plan p where p.handler like 'sql:%') end
  ) l;
  if v_planned <> '{}' then
    v_ids := v_ids || jittask.judge_planned(v_planned, v_now);
  end if;
  if v_ids = '{}' then
    return;
  end if;
  insert into jittask.lease as l (worker_id, token, claimed_at, expires_at, occurrence_ids)
  select p_worker_id, v_token, v_now, v_now + s.value::interval, v_ids
  from jittask.setting s
  where s.name = 'lease_duration'
  returning l.lease_id into v_lease_id;
  update jittask.worker w set sleeps = false where w.worker_id = p_worker_id and w.sleeps;
  return query
  with claimed as (
    update jittask.due_queue q
    set lease_id = v_lease_id, first_claimed_at = coalesce(q.first_claimed_at, v_now)
    where q.occurrence_id = any (v_ids)
    returning q.*
  )
  select c.occurrence_id, v_lease_id, v_token, coalesce(c.handler, p.handler),
    coalesce(c.args::text, p.args), c.source_key,
    case when c.task_id is null or c.plan_no is not null then jittask.to_us(c.nominal_at) end,
    jittask.to_us(c.due_at), jittask.to_us(c.run_at), c.attempt + 1, c.missed,
    case
      when c.task_id is not null then p.detail
      when num_nonnulls(c.timeout, c.title) > 0 then jsonb_build_object(
        'kind', 'one_off', 'title', c.title, 'queue', c.queue,
        'timeout_us', jittask.to_us(timestamptz 'epoch' + c.timeout)
      )::text
    end
  from claimed c
  left join jittask.plan p on p.task_id = c.task_id
  order by c.priority, c.run_at, c.occurrence_id;
end;
$$;
