-- After days of calendars are written: replans the tasks that use them, once per statement.
create or replace function jittask.calendar_days_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform jittask.replan_calendars(array(select distinct n.calendar from new_row n));
  elsif tg_op = 'DELETE' then
    perform jittask.replan_calendars(array(select distinct o.calendar from old_row o));
  else
    perform jittask.replan_calendars(
      array(
        select distinct d.calendar
        from (
          (select n.calendar, n.day, n.working from new_row n except select o.calendar, o.day, o.working from old_row o)
          union all
          (select o.calendar, o.day, o.working from old_row o except select n.calendar, n.day, n.working from new_row n)
        ) d
      )
    );
  end if;
  return null;
end;
$$;
