-- Entries of replan that wait for writers: what these wrote was planned as things stood before the zone
-- or the calendar was changed. Looks for them after that change is committed, and has the task planned
-- at once; as soon as all of them have ended it has the task planned again. Takes no lock that a writer
-- could wait for. Caller: drain_replan.
create or replace function jittask.await_writers()
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry record;
  v_writers text[];
begin
  for v_entry in
    select r.replan_id, r.task_id, r.reason, r.noted_at, r.writers, jittask.named_table(t.source_table)::oid as table_oid
    from jittask.replan r
    left join jittask.task t on t.task_id = r.task_id
    where r.writers is not null
    order by r.replan_id
    for update of r skip locked
  loop
    v_writers := jittask.table_writers(v_entry.table_oid);
    if v_entry.writers <> '{}' then
      -- A writer that was prepared meanwhile goes by another id.
      v_writers := array(
        select w from unnest(v_writers) w where w = any (v_entry.writers) or w like '-1/%'
      );
      continue when v_writers <> '{}';
    end if;
    delete from jittask.backfill b where b.task_id = v_entry.task_id;
    delete from jittask.replan r where r.replan_id = v_entry.replan_id;
    insert into jittask.replan (task_id, reason, noted_at, writers)
    select v_entry.task_id, v_entry.reason, v_entry.noted_at, w.writers
    from (values (null::text[]), (nullif(v_writers, '{}'))) w (writers)
    group by w.writers;
  end loop;
end;
$$;
