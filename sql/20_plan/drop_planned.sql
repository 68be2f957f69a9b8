-- Takes the planned occurrences of a task out of the due queue: of one source row, or all of them
-- where p_source_key is null. Claimed ones stay. Returns how many went. Of very many a part goes now
-- and the rest is left to replan: rows of an older plan never fire, and nobody has to wait for them.
create or replace function jittask.drop_planned(
  p_task_id bigint,
  p_source_key text
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
  if p_source_key is null then
    delete from jittask.due_queue d
    where d.occurrence_id = any (
        array(
          select q.occurrence_id
          from jittask.due_queue q
          where q.task_id = p_task_id
            and q.plan_no is not null
            and q.first_claimed_at is null
          limit 50000
        )
      )
      and d.first_claimed_at is null;
    get diagnostics v_count = row_count;
    if v_count >= 50000 then
      insert into jittask.replan (task_id, reason) values (p_task_id, 'occurrences of an older plan are left');
    end if;
    return v_count;
  end if;
  delete from jittask.due_queue q
  where q.task_id = p_task_id
    and q.source_key = p_source_key
    and q.plan_no is not null
    and q.first_claimed_at is null;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
