-- What a rehearsal of a task up to p_to_at cannot tell, and why: it or its queue is paused, it is broken, rows
-- of its table are yet to be planned or no longer followed, its calendar is not filled so far. Null when it
-- tells all. Caller: rehearse_tasks.
create or replace function jittask.rehearsal_note(
  p_task jittask.task,
  p_plan jittask.plan,
  p_to_at timestamptz
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select nullif(concat_ws(
    '; ',
    case when (p_task).paused_at is not null then 'paused' end,
    'broken: ' || (p_plan).broken,
    (select format('queue "%s" is paused', u.queue) from jittask.paused_queue u where u.queue = (p_task).queue),
    case
      when (p_task).paused_at is null and exists (
        select from jittask.replan r
        where (r.task_id = (p_task).task_id or r.source_table = (p_task).source_table)
          and coalesce(r.writers, '{}') = '{}'
      ) then 'rows are yet to be planned'
    end,
    (
      select format('%s is detached, so that its changes are not followed', w.source_table)
      from jittask.watch w
      where w.source_table = (p_task).source_table and w.detached_at is not null
    ),
    (
      select format('calendar "%s" is filled through %s only', c.name, coalesce(max(d.day)::text, 'no day'))
      from jittask.calendar c
      left join jittask.calendar_day d on d.calendar = c.name
      where c.name = (p_task).calendar
        and (p_task).skip_holidays <> 'none'
        and c.country is not null
      group by c.name
      having coalesce(extract(year from max(d.day)), 0) < extract(year from p_to_at at time zone (p_plan).timezone)
    )
  ), '');
$$;
