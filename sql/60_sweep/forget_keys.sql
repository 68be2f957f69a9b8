-- After a key column of a source table got a type that its old values may not be read as: all rows count as
-- new. What is planned is of an older plan from now on, which drop_stale clears away; series go; what replan
-- lists by key it lists as the whole table. Locks: plan rows, series rows. Caller: check_watch.
create or replace function jittask.forget_keys(
  p_source_table text
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tasks bigint[] := array(select t.task_id from jittask.task t where t.source_table = p_source_table);
begin
  update jittask.plan p
  set plan_no = p.plan_no + 1, planned_at = jittask.now()
  where p.task_id = any (v_tasks);
  update jittask.replan r
  set source_key = null, source_keys = null
  where (r.task_id = any (v_tasks) or r.source_table = p_source_table)
    and num_nonnulls(r.source_key, r.source_keys) > 0;
  delete from jittask.series s where s.task_id = any (v_tasks);
  delete from jittask.called_off c where c.task_id = any (v_tasks);
  delete from jittask.backfill b where b.task_id = any (v_tasks);
  delete from jittask.reconciled r where r.task_id = any (v_tasks);
end;
$$;
