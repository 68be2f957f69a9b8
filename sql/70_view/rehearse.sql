-- What would be put to work before to_at, in order, the first count occurrences (null = all): of the given tasks
-- (null = all, and one-offs) and queue (null = all), due at from_at or later (null = whatever waits). run_at: when
-- it is claimed, by workers that run from now on or are stopped until an instant; skipped: why it would not run.
-- As if each run ended at once and nothing were written meanwhile. Reads the plan alone: no source table, no
-- function of anybody's, and no lock but that of a reader.
create or replace function jittask.rehearse(
  from_at timestamptz,
  to_at timestamptz,
  task_names text[] default null,
  queue text default null,
  workers_stopped_until timestamptz default null,
  count int default null
)
returns table (
  task_name text,
  kind text,
  source_key jsonb,
  nominal_at timestamptz,
  due_at timestamptz,
  run_at timestamptz,
  missed int,
  skipped text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_start_at timestamptz := jittask.rehearsal_start(rehearse.from_at, rehearse.to_at, rehearse.workers_stopped_until);
  v_from_at timestamptz := coalesce(rehearse.from_at, '-infinity');
  v_ids bigint[] := jittask.task_ids(rehearse.task_names);
begin
  if rehearse.count < 1 then
    raise exception 'count is "%"', rehearse.count
      using errcode = 'JT001', hint = 'Give a number from 1 on, or null for all';
  end if;
  return query
  with waiting as (
    -- What runs as it is planned: no more than so many of these can be among the first.
    (
      select w.waiting, w.task, w.plan
      from jittask.claimed_before(rehearse.to_at, v_ids, rehearse.queue) w
      where (w.waiting).run_at >= v_start_at
        and (w.waiting).due_at >= v_from_at
      order by (w.waiting).run_at, (w.waiting).due_at, (w.waiting).task_id, (w.waiting).source_key, (w.waiting).occurrence_id
      limit rehearse.count
    )
    union all
    select w.waiting, w.task, w.plan
    from jittask.claimed_before(rehearse.to_at, v_ids, rehearse.queue) w
    where (w.waiting).run_at < v_start_at
       or (w.waiting).due_at < v_from_at
  )
  select coalesce((w.waiting).title, (w.task).name, (w.waiting).handler), coalesce((w.task).kind, 'one_off'),
    nullif((w.waiting).source_key, '')::jsonb, o.nominal_at, o.due_at, o.run_at, o.missed, o.skipped
  from waiting w
  cross join lateral jittask.rehearsed_occurrences(
    w.waiting, w.task, w.plan, v_from_at, rehearse.to_at, v_start_at, rehearse.count
  ) o
  order by o.run_at, o.due_at, (w.waiting).task_id, (w.waiting).source_key, (w.waiting).occurrence_id
  limit rehearse.count;
end;
$$;
