-- workday_of for the day at place p_at of a map of days (workday_map), from 1: the place of its target, 0 =
-- dropped, null = the map ends before a working day is found.
create or replace function jittask.workday_in(
  p_map text,
  p_at int,
  p_skip_holidays text,
  p_holiday_policy text
)
returns int
language sql
immutable
as $$
  select case
    when substr(p_map, p_at, 1) = '1' or (substr(p_map, p_at, 1) = '0' and p_skip_holidays = 'holidays') then p_at
    when p_holiday_policy = 'drop' then 0
    when p_holiday_policy = 'previous_workday' then nullif(length(rtrim(left(p_map, p_at), '0h')), 0)
    else nullif(strpos(substr(p_map, p_at), '1'), 0) + p_at - 1
  end
$$;
