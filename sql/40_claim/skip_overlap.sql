-- Records that an occurrence was skipped because the run before it still goes on. Consecutive skips
-- share one record with a count: it is looked for from the run on that goes on, not in all of history.
-- Caller: judge, which holds the queue row.
create or replace function jittask.skip_overlap(
  p_row jittask.due_queue,
  p_now timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_reason constant text := 'the run before it still goes on (overlap = skip)';
begin
  update jittask.run_history h
  set missed = h.missed + 1
  from (
    select l.occurrence_id, l.finished_at, l.outcome, l.error
    from jittask.run_history l
    where l.task_id = p_row.task_id
      and l.source_key = p_row.source_key
      and l.due_at >= (
        select min(o.due_at)
        from jittask.due_queue o
        where o.task_id = p_row.task_id
          and o.source_key = p_row.source_key
          and o.first_claimed_at is not null
          and o.occurrence_id <> p_row.occurrence_id
      )
    order by l.task_id, l.due_at desc
    limit 1
  ) last
  where h.occurrence_id = last.occurrence_id
    and h.finished_at = last.finished_at
    and last.outcome = 'skipped'
    and last.error = v_reason;
  if found then
    delete from jittask.due_queue q where q.occurrence_id = p_row.occurrence_id;
  else
    perform jittask.end_waiting(p_row.occurrence_id, 'skipped', v_reason, 1, p_now);
  end if;
end;
$$;
