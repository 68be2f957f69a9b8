-- A warning where the marked days of a task's calendar run out: a synced one whose last filled year ends
-- within 60 days, one of the user's own that had marked days and has none ahead. As doctor says it.
create or replace function jittask.coverage_warning(
  p_task jittask.task
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select format(
      E'\nCalendar "%s" %s; after that only its weekend counts. %s', c.name,
      coalesce('is filled through ' || max(d.day) || ' only', 'has no marked day'),
      case
        when c.country is null then format('Mark days: jittask calendar mark %s DAY', c.name)
        else format('Fill it: jittask calendar sync %s', c.name)
      end
    )
    from jittask.calendar c
    left join jittask.calendar_day d on d.calendar = c.name
    where c.name = (p_task).calendar
      and (p_task).skip_holidays <> 'none'
    group by c.name, c.country
    having case
      when c.country is null then max(d.day) < jittask.now()::date
      else coalesce(extract(year from max(d.day)), 0) < extract(year from jittask.now() + interval '60 days')
    end
  ), '');
$$;
