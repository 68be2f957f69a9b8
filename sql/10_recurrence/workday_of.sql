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
  v_reach int;
  v_map text;
  v_at int;
begin
  if p_skip_holidays = 'none' then
    return p_day;
  end if;

  foreach v_reach in array array[15, 400] loop
    if p_holiday_policy = 'previous_workday' then
      v_map := jittask.workday_map(p_calendar, p_day - v_reach, v_reach + 1);
      if right(v_map, 1) = '1' or (p_skip_holidays = 'holidays' and right(v_map, 1) = '0') then
        return p_day;
      end if;
      v_at := length(rtrim(v_map, '0h'));
      if v_at > 0 then
        return p_day - v_reach + v_at - 1;
      end if;
    else
      v_map := jittask.workday_map(p_calendar, p_day, v_reach + 1);
      if left(v_map, 1) = '1' or (p_skip_holidays = 'holidays' and left(v_map, 1) = '0') then
        return p_day;
      end if;
      if p_holiday_policy = 'drop' then
        return null;
      end if;
      v_at := strpos(v_map, '1');
      if v_at > 0 then
        return p_day + v_at - 1;
      end if;
    end if;
  end loop;
  return null;
end;
$$;
