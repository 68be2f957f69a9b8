-- Moves the ended runs of a lease from the queue into history, one statement for all. Rows whose
-- lease is another by now, or that wait for a retry, are not touched. Returns how many were moved.
create or replace function jittask.record_runs(
  p_lease_id bigint,
  p_worker text,
  p_occurrence_ids bigint[],
  p_started_us bigint[],
  p_finished_us bigint[],
  p_outcomes text[],
  p_results text[],
  p_errors text[],
  p_logs text[]
)
returns bigint
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
  v_limited bigint[];
  v_waits bool;
  v_count bigint;
begin
  with ended as (
    delete from jittask.due_queue q
    using unnest(p_occurrence_ids, p_started_us, p_finished_us, p_outcomes, p_results, p_errors, p_logs)
      r (occurrence_id, started_us, finished_us, outcome, result, error, log)
    where q.occurrence_id = r.occurrence_id and q.lease_id = p_lease_id
    returning q.*, r.started_us, r.finished_us, coalesce(r.outcome, 'completed') as outcome, r.result,
      r.error, r.log
  ), recorded as (
    insert into jittask.run_history (
      occurrence_id, task_id, nominal_at, due_at, started_at, finished_at, attempt, losses, missed,
      outcome, worker, task_name, kind, source_key, queue, priority, result, error, log, handler,
      args, title, timeout, max_attempts, retry_delay, created_by
    )
    select e.occurrence_id, e.task_id, e.nominal_at, e.due_at,
      jittask.from_us(e.started_us), jittask.from_us(e.finished_us),
      e.attempt + (e.started_us is not null)::int, e.losses, e.missed, e.outcome, p_worker,
      coalesce(e.title, t.name, e.handler, 'task ' || e.task_id),
      coalesce(t.kind, case when e.task_id is null then 'one_off' when e.source_key = '' then 'scheduled' else 'date_field' end),
      e.source_key, e.queue, e.priority, e.result::jsonb, e.error, e.log, e.handler, e.args,
      case when e.task_id is null then e.title end, e.timeout, e.max_attempts, e.retry_delay,
      e.created_by
    from ended e
    left join jittask.task t on t.task_id = e.task_id
  )
  select count(*), array_agg(e.occurrence_id) filter (where t.max_running is not null),
    coalesce(
      bool_or(t.overlap = 'wait' or t.repeat = 'none' or t.max_running is not null), false
    )
  into v_count, v_limited, v_waits
  from ended e
  left join jittask.task t on t.task_id = e.task_id;
  if v_limited is not null then
    delete from jittask.running r where r.occurrence_id = any (v_limited);
  end if;
  if v_waits then
    perform jittask.hasten_waiting();
  end if;
  return v_count;
end;
$$;
