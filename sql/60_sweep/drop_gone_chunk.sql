-- The last part of planning a whole table: of what is planned for a task, drops what no source row
-- stands behind, and what an older plan left, a chunk in the order of the keys. Returns 0.
create or replace function jittask.drop_gone_chunk(
  p_task jittask.task,
  p_watch jittask.watch,
  p_after_key text
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
  v_last text;
  v_gone text[];
begin
  select g.last_key, g.keys into v_last, v_gone
  from jittask.gone_keys(p_task, p_watch, p_after_key, 25000) g;
  if v_last is null then
    delete from jittask.backfill b where b.task_id = p_task.task_id;
    return 0;
  end if;
  perform jittask.drop_gone(p_task, p_watch, v_gone);
  -- One that a writer holds is passed over: the writer may be waiting for us, and an old plan never fires.
  delete from jittask.due_queue d
  where d.occurrence_id = any (
    array(
      select q.occurrence_id
      from jittask.due_queue q
      join jittask.plan p on p.task_id = q.task_id
      where q.task_id = p_task.task_id
        and q.source_key > p_after_key
        and q.source_key <= v_last
        and q.plan_no <> p.plan_no
        and q.first_claimed_at is null
      for update of q skip locked
    )
  );
  update jittask.backfill b set gone_key = v_last where b.task_id = p_task.task_id;
  insert into jittask.replan (task_id, reason)
  values (p_task.task_id, 'the planning of its table goes on');
  return 0;
end;
$$;
