-- The holiday move of one local day by a calendar: the day itself where the rule leaves it alone,
-- else the next or previous working day; null = dropped, also when no working day lies within
-- 400 days. Raises JT001 for an unknown calendar, mode or policy.
create or replace function jittask.shift_to_workday(
  calendar text,
  day date,
  skip_holidays text default 'nonworking',
  holiday_policy text default 'next_workday'
)
returns date
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jittask.check_calendar(
    coalesce(shift_to_workday.calendar, ''), shift_to_workday.skip_holidays, shift_to_workday.holiday_policy
  );
  if shift_to_workday.day not between '0002-02-05' and '9998-11-26' then
    raise exception using
      errcode = 'JT001',
      message = format('Field day is out of range: "%s"', shift_to_workday.day),
      hint = 'Give a day of the years 3 to 9997';
  end if;
  return jittask.workday_of(
    shift_to_workday.calendar, shift_to_workday.day,
    shift_to_workday.skip_holidays, shift_to_workday.holiday_policy
  );
end;
$$;
