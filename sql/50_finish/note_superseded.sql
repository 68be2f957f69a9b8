-- Keeps what a worker reports of runs that are no longer its own, for the ledger only. p_kept:
-- occurrences of the report that were still its own. Returns the superseded ids.
create or replace function jittask.note_superseded(
  p_occurrence_ids bigint[],
  p_kept bigint[],
  p_worker text,
  p_started_us bigint[],
  p_finished_us bigint[],
  p_results text[],
  p_errors text[]
)
returns setof bigint
language sql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
  insert into jittask.run_attempt (
    occurrence_id, attempt, outcome, worker, started_at, finished_at, result, error
  )
  select r.occurrence_id, coalesce(q.attempt, 0) + 1, 'superseded', p_worker,
    jittask.from_us(r.started_us), jittask.from_us(r.finished_us), r.result::jsonb,
    coalesce(r.error, 'the lease was no longer held')
  from unnest(p_occurrence_ids, p_started_us, p_finished_us, p_results, p_errors)
    r (occurrence_id, started_us, finished_us, result, error)
  left join jittask.due_queue q on q.occurrence_id = r.occurrence_id
  where r.occurrence_id <> all (p_kept)
    and not exists (
      select from jittask.run_history h
      where h.occurrence_id = r.occurrence_id
        and h.started_at = jittask.from_us(r.started_us)
        and h.finished_at = jittask.from_us(r.finished_us)
    )
  returning occurrence_id;
$$;
