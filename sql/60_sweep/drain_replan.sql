-- Plans anew what replan lists: up to p_limit entries, and one chunk of each backfill. Entries go
-- when they are done, in the same transaction. Locks: replan rows, skip locked; source rows, where
-- the owner may lock them; then queue and series rows.
create or replace function jittask.drain_replan(
  p_now timestamptz,
  p_limit int
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry record;
  v_count bigint := 0;
begin
  for v_entry in
    with taken as (
      delete from jittask.replan r
      where r.replan_id in (
        select n.replan_id from jittask.replan n order by n.replan_id limit p_limit for update skip locked
      )
      returning r.task_id, r.source_table, r.source_key, r.reason
    )
    select t.task_id, k.source_table, bool_or(k.source_key is null) as whole,
      array_agg(distinct k.source_key) filter (where k.source_key is not null) as keys,
      min(k.reason) as reason
    from taken k
    join jittask.task t
      on t.task_id = k.task_id or k.task_id is null and t.source_table = k.source_table
    where t.paused_at is null
    group by t.task_id, k.source_table
    order by t.task_id
  loop
    v_count := v_count + jittask.replan_task(v_entry.task_id, v_entry.whole, v_entry.keys, p_now);
  end loop;
  return v_count;
end;
$$;
