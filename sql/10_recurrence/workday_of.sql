-- The day to which the holiday rule moves a local day: itself when the rule leaves it alone, else the
-- next or previous working day; null = dropped, also when no working day lies within 400 days.
create or replace function jittask.workday_of(
  p_calendar text,
  p_day date,
  p_skip_holidays text,
  p_holiday_policy text
)
returns date
language plpgsql
stable
as $$
declare
  v_map text;
  v_at int;
  v_stays bool;
begin
  if p_skip_holidays = 'none' then
    return p_day;
  end if;

  -- Most days stay: one statement tells.
  select case when d.working is null then not date_part('dow', p_day) = any (c.weekend) or p_skip_holidays = 'holidays'
              else d.working end
  into v_stays
  from jittask.calendar c
  left join jittask.calendar_day d on d.calendar = c.name and d.day = p_day
  where c.name = p_calendar;
  if v_stays is not false then
    return p_day;
  elsif p_holiday_policy = 'drop' then
    return null;
  end if;

  foreach v_at in array array[15, 400] loop
    if p_holiday_policy = 'previous_workday' then
      v_map := jittask.workday_map(p_calendar, p_day - v_at, v_at);
      if strpos(v_map, '1') > 0 then
        return p_day - v_at + length(rtrim(v_map, '0h')) - 1;
      end if;
    else
      v_map := jittask.workday_map(p_calendar, p_day + 1, v_at);
      if strpos(v_map, '1') > 0 then
        return p_day + strpos(v_map, '1');
      end if;
    end if;
  end loop;
  return null;
end;
$$;
