-- A warning where the calendar of a task has no marked days ahead: then only weekends count.
create or replace function jittask.coverage_warning(
  p_task jittask.task
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (p_task).skip_holidays <> 'none' and coalesce(max(d.day), '-infinity') < jittask.now()::date + 30
      then format(
        E'\nCalendar "%s" is filled up to %s only; past that only its weekend counts. Fill it: jittask calendar sync %s',
        (p_task).calendar, coalesce(max(d.day)::text, 'nowhere'), (p_task).calendar
      )
    else ''
  end
  from jittask.calendar_day d
  where d.calendar = (p_task).calendar;
$$;
