-- Plans anew what replan lists: up to p_limit entries, and one chunk of each large table. Entries go
-- when they are done, in the same transaction; one that cannot be done now is listed again. Locks:
-- replan rows, skip locked; source rows, skip locked; then queue and series rows.
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
      returning r.task_id, r.source_table, r.source_key
    )
    select k.task_id, bool_or(k.source_key is null) as whole,
      array_agg(distinct k.source_key) filter (where k.source_key is not null) as keys
    from (
      select n.task_id, n.source_key from taken n where n.task_id is not null
      union
      select t.task_id, n.source_key
      from taken n
      join jittask.task t on t.source_table = n.source_table
      where n.task_id is null
    ) k
    group by k.task_id
    order by k.task_id
  loop
    begin
      v_count := v_count + jittask.replan_task(v_entry.task_id, v_entry.whole, v_entry.keys, p_now);
      if v_entry.whole and v_entry.keys is not null then
        insert into jittask.replan (task_id, source_key, reason)
        select v_entry.task_id, k, 'its table is being planned' from unnest(v_entry.keys) k;
      end if;
    exception
      -- The table is being changed under us, or held; check_watches will say so if it lasts.
      when lock_not_available or deadlock_detected or serialization_failure or unique_violation
        or insufficient_privilege or undefined_table or undefined_column or undefined_function
        or undefined_object or datatype_mismatch or sqlstate 'JT005' then
        insert into jittask.replan (task_id, source_key, reason)
        select v_entry.task_id, k, sqlerrm
        from unnest(case when v_entry.whole then array[null] else v_entry.keys end) k;
    end;
  end loop;
  return v_count;
end;
$$;
