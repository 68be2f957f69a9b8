-- Raises JT001 where a calendar, its mode and its policy would be refused in a task: an unknown
-- calendar (null = none given), unknown words, or a mode that needs a calendar without one.
create or replace function jittask.check_calendar(
  p_calendar text,
  p_skip_holidays text,
  p_holiday_policy text
)
returns void
language plpgsql
stable
as $$
begin
  if p_skip_holidays in ('none', 'nonworking', 'holidays') is not true then
    raise exception using
      errcode = 'JT001',
      message = format('Field skip_holidays has no such value: "%s"', p_skip_holidays),
      hint = 'Use "none", "nonworking" or "holidays"';
  elsif p_holiday_policy in ('next_workday', 'previous_workday', 'drop') is not true then
    raise exception using
      errcode = 'JT001',
      message = format('Field holiday_policy has no such value: "%s"', p_holiday_policy),
      hint = 'Use "next_workday", "previous_workday" or "drop"';
  elsif p_calendar is null and p_skip_holidays <> 'none' then
    raise exception using
      errcode = 'JT001',
      message = format('Field calendar is null, but skip_holidays is "%s"', p_skip_holidays),
      hint = 'Name a calendar, or leave skip_holidays at "none"';
  elsif p_calendar is not null and not exists (
    select from jittask.calendar c where c.name = p_calendar
  ) then
    raise exception using
      errcode = 'JT001',
      message = format('Field calendar names no calendar: "%s"', p_calendar),
      hint = 'Add it first, as with "jittask calendar sync CN --years 2026..2030"; the table jittask.calendar lists the known ones';
  end if;
end;
$$;
