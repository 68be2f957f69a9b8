-- What jittask.rehearse lists, counted by task, also those that have nothing: how many occurrences run, how many
-- do not, how many missed ones they stand for, when the first and the last are claimed; note: what cannot be
-- told, and why. One-offs are counted by title or function. Reads, calls and locks as little as rehearse.
create or replace function jittask.rehearse_tasks(
  from_at timestamptz,
  to_at timestamptz,
  task_names text[] default null,
  queue text default null,
  workers_stopped_until timestamptz default null
)
returns table (
  task_name text,
  kind text,
  runs bigint,
  skipped bigint,
  missed bigint,
  first_at timestamptz,
  last_at timestamptz,
  note text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_start_at timestamptz := jittask.rehearsal_start(
    rehearse_tasks.from_at, rehearse_tasks.to_at, rehearse_tasks.workers_stopped_until
  );
  v_from_at timestamptz := coalesce(rehearse_tasks.from_at, '-infinity');
  v_ids bigint[] := jittask.task_ids(rehearse_tasks.task_names);
begin
  return query
  with total as (
    select (w.waiting).task_id,
      case when (w.waiting).task_id is null then coalesce((w.waiting).title, (w.waiting).handler) end as title,
      sum(c.runs)::bigint as runs, sum(c.skipped)::bigint as skipped, sum(c.missed)::bigint as missed,
      min(c.first_at) as first_at, max(c.last_at) as last_at
    from jittask.claimed_before(rehearse_tasks.to_at, v_ids, rehearse_tasks.queue) w
    cross join lateral (
      select (w.task).repeat <> 'none' or (w.waiting).run_at < v_start_at - (w.task).misfire_grace as judged
    ) j
    cross join lateral (
      select 1 as runs, 0 as skipped, (w.waiting).missed, greatest((w.waiting).run_at, v_start_at) as first_at,
        greatest((w.waiting).run_at, v_start_at) as last_at
      where j.judged is not true and (w.waiting).due_at >= v_from_at
      union all
      select t.*
      from (select where j.judged offset 0) g
      cross join lateral jittask.rehearsed_total(
        w.waiting, w.task, w.plan, v_from_at, rehearse_tasks.to_at, v_start_at
      ) t
    ) c
    group by 1, 2
  )
  select coalesce(t.name, s.title), coalesce(t.kind, 'one_off'), coalesce(s.runs, 0), coalesce(s.skipped, 0),
    coalesce(s.missed, 0), s.first_at, s.last_at, jittask.rehearsal_note(t, p, rehearse_tasks.to_at)
  from total s
  full join jittask.task t on t.task_id = s.task_id
  left join jittask.plan p on p.task_id = t.task_id
  where s.runs > 0
     or s.skipped > 0
     or (v_ids is null or t.task_id = any (v_ids)) and (rehearse_tasks.queue is null or t.queue = rehearse_tasks.queue)
  order by s.first_at, 1;
end;
$$;
