-- Of the runs of a lease, keeps those that are to be tried again: errors and timeouts with tries
-- left (the delay doubles up to a year, with up to a tenth of jitter), and what the function itself asked for
-- (retry, snooze, at p_run_us). Each leaves a run_attempt. Returns their ids.
-- Locks: queue rows by id.
create or replace function jittask.keep_for_retry(
  p_lease_id bigint,
  p_worker text,
  p_occurrence_ids bigint[],
  p_started_us bigint[],
  p_finished_us bigint[],
  p_outcomes text[],
  p_errors text[],
  p_run_us bigint[]
)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_now timestamptz := jittask.now();
  v_ids bigint[];
begin
  with again as (
    select q.occurrence_id, r.started_us, r.finished_us, r.outcome, r.error, q.attempt,
      coalesce(
        jittask.from_us(r.run_us),
        v_now + least(
          coalesce(t.retry_delay, q.retry_delay, interval '10 seconds') * power(2, least(q.attempt, 20)),
          interval '366 days'
        ) * (1 + random() / 10)
      ) as run_at
    from unnest(p_occurrence_ids, p_started_us, p_finished_us, p_outcomes, p_errors, p_run_us)
      r (occurrence_id, started_us, finished_us, outcome, error, run_us)
    join jittask.due_queue q on q.occurrence_id = r.occurrence_id
    left join jittask.task t on t.task_id = q.task_id
    where q.lease_id = p_lease_id
      and (r.outcome in ('retry', 'snooze')
           or r.outcome in ('error', 'timed_out')
              and q.attempt + 1 < coalesce(t.max_attempts, q.max_attempts, 1))
  ), kept as (
    update jittask.due_queue q
    set lease_id = null,
        run_at = a.run_at,
        attempt = q.attempt + (a.outcome <> 'snooze')::int
    from again a
    where q.occurrence_id = a.occurrence_id
    returning q.occurrence_id
  ), noted as (
    insert into jittask.run_attempt (
      occurrence_id, attempt, outcome, worker, started_at, finished_at, error
    )
    select a.occurrence_id, a.attempt + 1,
      case a.outcome when 'retry' then 'error' when 'snooze' then 'snoozed' else a.outcome end,
      p_worker, jittask.from_us(a.started_us), jittask.from_us(a.finished_us), a.error
    from again a
  )
  select coalesce(array_agg(k.occurrence_id), '{}') into v_ids from kept k;
  delete from jittask.running r where r.occurrence_id = any (v_ids);
  return v_ids;
end;
$$;
