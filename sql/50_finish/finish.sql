-- Takes the outcomes of runs: each occurrence leaves the queue and enters history in one statement,
-- or, after an error with tries left, waits for the next. Instants come as microseconds since 1970.
-- Proves by lease and token that the runs are still the caller's; what is not is kept in run_attempt
-- and answered as superseded. Returns only what did not end as told (retry, superseded).
-- Locks: the lease row, then queue rows. Caller: workers.
create or replace function jittask.finish(
  p_lease_id bigint,
  p_token bigint,
  p_occurrence_ids bigint[],
  p_started_us bigint[],
  p_finished_us bigint[],
  p_outcomes text[] default null,
  p_results text[] default null,
  p_errors text[] default null,
  p_logs text[] default null,
  p_run_us bigint[] default null,
  p_ends_lease bool default false
)
returns table (occurrence_id bigint, verdict text)
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
  v_worker text;
  v_held bool;
  v_kept bigint[] := '{}';
  v_count bigint;
begin
  select w.name into v_worker
  from jittask.lease l
  left join jittask.worker w on w.worker_id = l.worker_id
  where l.lease_id = p_lease_id and l.token = p_token
  for update of l;
  v_held := found;
  if v_held then
    if p_outcomes is not null then
      v_kept := jittask.keep_for_retry(
        p_lease_id, v_worker, p_occurrence_ids, p_started_us, p_finished_us, p_outcomes, p_errors, p_run_us
      );
    end if;
    v_count := jittask.record_runs(
      p_lease_id, v_worker, p_occurrence_ids, p_started_us, p_finished_us, p_outcomes, p_results,
      p_errors, p_logs
    );
    if p_ends_lease then
      delete from jittask.lease l where l.lease_id = p_lease_id;
    end if;
  end if;
  if cardinality(v_kept) > 0 then
    return query select k, 'retry'::text from unnest(v_kept) k;
  end if;
  if not v_held or v_count + cardinality(v_kept) < cardinality(p_occurrence_ids) then
    return query
    select s, 'superseded'::text
    from jittask.note_superseded(
      p_occurrence_ids, v_kept, v_worker, p_started_us, p_finished_us, p_results, p_errors
    ) s;
  end if;
end;
$$;
