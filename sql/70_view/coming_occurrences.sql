-- The work of preview, with the key as text.
create or replace function jittask.coming_occurrences(
  p_task_name text,
  p_count int,
  p_source_key jsonb
)
returns table (row_key text, occurrence_no int, nominal_at timestamptz, due_at timestamptz)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_task jittask.task := jittask.task_named(p_task_name);
  v_key text;
begin
  if p_count is null or p_count not between 1 and 10000 then
    raise exception 'count is "%"', p_count
      using errcode = 'JT001', hint = 'Give a number from 1 to 10000';
  end if;
  if v_task.kind = 'scheduled' then
    if p_source_key is not null then
      raise exception 'Task "%" is scheduled and has no rows', p_task_name
        using errcode = 'JT001', hint = 'Leave source_key out';
    end if;
    v_key := '';
  elsif p_source_key is not null then
    v_key := jittask.task_key(v_task, p_source_key);
  end if;
  if v_task.paused_at is not null then
    return;
  end if;
  return query
  with planned as (
    select q.source_key, q.nominal_at, q.due_at
    from jittask.due_queue q
    join jittask.plan p on p.task_id = q.task_id and p.plan_no = q.plan_no
    where q.task_id = v_task.task_id
      and (v_key is null or q.source_key = v_key)
      and q.first_claimed_at is null
    order by q.due_at, q.source_key
    limit p_count
  )
  select p.source_key, f.occurrence_no, f.nominal_at, f.due_at
  from planned p
  cross join lateral jittask.following_occurrences(
    v_task, p.source_key, p.nominal_at, p.due_at, p_count
  ) f
  order by f.due_at, p.source_key
  limit p_count;
end;
$$;
