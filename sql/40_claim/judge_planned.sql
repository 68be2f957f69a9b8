-- Of the locked due occurrences of tasks, those that run now. Rows of tasks without repeat or limits,
-- of the present plan, with nothing else of the same row running, are told in one statement; the
-- others are judged one by one, in claim order. Locks: see judge. Caller: claim.
create or replace function jittask.judge_planned(
  p_ids bigint[],
  p_now timestamptz
)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_ids bigint[];
  v_judged bigint[];
  v_id bigint;
begin
  select coalesce(array_agg(c.occurrence_id) filter (where c.plain), '{}'),
    coalesce(array_agg(c.occurrence_id order by c.no) filter (where c.plain is not true), '{}')
  into v_ids, v_judged
  from (
    select i.no, q.occurrence_id,
      p.plan_no is not null
      and not p.judged
      and (
        q.first_claimed_at is not null
        or q.plan_no = p.plan_no
           and not exists (
             select from jittask.due_queue o
             where o.task_id = q.task_id
               and o.source_key = q.source_key
               and o.occurrence_id <> q.occurrence_id
               and o.first_claimed_at is not null
           )
      ) as plain
    from unnest(p_ids) with ordinality i (occurrence_id, no)
    join jittask.due_queue q on q.occurrence_id = i.occurrence_id
    left join jittask.plan p on p.task_id = q.task_id
  ) c;
  foreach v_id in array v_judged loop
    if jittask.judge(v_id, p_now) then
      v_ids := v_ids || v_id;
    end if;
  end loop;
  return v_ids;
end;
$$;
