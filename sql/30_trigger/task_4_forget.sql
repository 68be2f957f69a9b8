-- After a task is deleted: what was planned goes with it, a run that goes on is recorded under its
-- old name. Security definer: nobody but the owner may write to the due queue.
create or replace function jittask.task_4_forget()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jittask.close_begun(old, true, 'the task was deleted', jittask.now());
  delete from jittask.series s where s.task_id = old.task_id;
  delete from jittask.replan r where r.task_id = old.task_id;
  perform jittask.drop_planned(old.task_id, null);
  delete from jittask.called_off c where c.task_id = old.task_id;
  delete from jittask.reconciled r where r.task_id = old.task_id;
  delete from jittask.backfill b where b.task_id = old.task_id;
  if old.source_table is not null then
    perform jittask.build_watch(old.source_table);
  end if;
  return null;
end;
$$;
