-- After the weekend of a calendar is changed: replans the tasks that use it.
create or replace function jittask.calendar_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jittask.replan_calendars(array[new.name]);
  return null;
end;
$$;
