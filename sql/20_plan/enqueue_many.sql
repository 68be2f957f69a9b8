-- Many one-offs of one function in one statement: args holds one JSON object each, due_at nothing,
-- one instant for all, or one each. Returns their ids in the order of args. Locks: the new rows.
create or replace function jittask.enqueue_many(
  handler text,
  args jsonb[],
  due_at timestamptz[] default null,
  queue text default 'default',
  priority int default 100,
  timeout interval default null,
  max_attempts int default 1,
  retry_delay interval default '10 seconds',
  title text default null
)
returns bigint[]
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz := jittask.now();
  v_each bool := coalesce(cardinality(enqueue_many.due_at), 0) > 1;
  v_ids bigint[];
begin
  if v_each and cardinality(enqueue_many.due_at) <> cardinality(enqueue_many.args) then
    raise exception 'due_at has % elements and args has %',
        cardinality(enqueue_many.due_at), cardinality(enqueue_many.args)
      using errcode = 'JT001', hint = 'Give no due_at, one for all, or as many as args';
  end if;
  perform jittask.check_one_off(
      enqueue_many.handler, a.args, d.due_at, enqueue_many.queue, enqueue_many.timeout,
      enqueue_many.max_attempts, enqueue_many.retry_delay
    ),
    jittask.check_label('title', enqueue_many.title)
  from (
    select coalesce((array_agg(e.args) filter (where jsonb_typeof(e.args) is distinct from 'object'))[1], '{}') as args
    from unnest(enqueue_many.args) e (args)
  ) a
  cross join (
    select coalesce(min(e.due_at), v_now) as due_at from unnest(enqueue_many.due_at) e (due_at)
    union
    select coalesce(max(e.due_at), v_now) from unnest(enqueue_many.due_at) e (due_at)
  ) d;
  with added as (
    insert into jittask.due_queue (
      priority, nominal_at, due_at, run_at, queue, handler, args, title, timeout, max_attempts,
      retry_delay, created_by
    )
    select coalesce(enqueue_many.priority, 100), e.due_at, e.due_at, e.due_at,
      coalesce(enqueue_many.queue, 'default'), enqueue_many.handler, nullif(e.args, '{}'),
      enqueue_many.title, enqueue_many.timeout, nullif(enqueue_many.max_attempts, 1),
      nullif(enqueue_many.retry_delay, '10 seconds'), session_user
    from (
      select a.args, a.no,
        coalesce(enqueue_many.due_at[case when v_each then a.no else 1 end], v_now) as due_at
      from unnest(enqueue_many.args) with ordinality a (args, no)
    ) e
    order by e.no
    returning due_queue.occurrence_id
  )
  select coalesce(array_agg(a.occurrence_id order by a.occurrence_id), '{}') into v_ids from added a;
  if v_ids <> '{}' then
    perform jittask.open_lane(coalesce(enqueue_many.queue, 'default'), coalesce(enqueue_many.priority, 100));
    perform jittask.wake_workers(
      coalesce((select min(d) from unnest(enqueue_many.due_at) d), v_now)
    );
  end if;
  return v_ids;
end;
$$;
