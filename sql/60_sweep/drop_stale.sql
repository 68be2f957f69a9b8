-- Planned rows of an older plan, or of tasks that are paused or gone: they would never fire, the
-- claim drops them too, but until then they take room. Looks only at tasks whose plan was renewed.
create or replace function jittask.drop_stale(
  p_limit int
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_count bigint;
begin
  delete from jittask.due_queue d
  where d.occurrence_id in (
    select q.occurrence_id
    from jittask.plan p
    join jittask.task t on t.task_id = p.task_id
    join jittask.due_queue q on q.task_id = p.task_id
    where p.plan_no > 1
      and p.planned_at > jittask.now() - interval '1 day'
      and q.plan_no is not null
      and q.first_claimed_at is null
      and (q.plan_no <> p.plan_no or t.paused_at is not null)
    limit p_limit
    for update of q skip locked
  );
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
