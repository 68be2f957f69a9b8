-- First match of a compiled cron expression at or after a wall-clock second; both count seconds since
-- 1970 on the wall clock, years 1 to 9999. Null: none within 41 years, which only a date range
-- that has run out explains. Looks at the time of day, then at one bitmap a month.
create or replace function jittask.cron_wall_after(
  p_cron int[],
  p_wall bigint
)
returns bigint
language plpgsql
immutable
as $$
declare
  v_day int := (p_wall + 62135596800) / 86400 - 719162;
  v_second int := (p_wall + 62135596800) % 86400;
  v_date date;
  v_year int;
  v_month int;
  v_day_of_month int;
  v_first int;
  v_length int;
  v_days int;
  v_hour int;
  v_minute int;
  v_hours int;
  v_minutes bigint;
  v_seconds bigint;
begin
  if p_cron[1] & 2 = 0 then
    v_date := date '1970-01-01' + v_day;
    v_year := date_part('year', v_date);
    v_month := date_part('month', v_date);
    v_day_of_month := date_part('day', v_date);
    -- Day 0 was a Thursday; the added weeks keep the remainder positive.
    v_first := (v_day - v_day_of_month + 5 + 719166) % 7;
    v_length := case when v_month <> 2 then 30 + ((v_month + v_month / 8) & 1)
                     when v_year % 4 = 0 and (v_year % 100 <> 0 or v_year % 400 = 0) then 29
                     else 28 end;
    v_days := case when (p_cron[7] >> v_month) & 1 = 1
                   then p_cron[v_first * 4 + v_length - 17] >> (v_day_of_month - 1) else 0 end;
  else
    v_days := 1;
  end if;

  if v_days & 1 = 1 and v_second <= p_cron[9] then
    v_hour := v_second / 3600;
    v_hours := p_cron[6] >> v_hour;
    if v_hours & 1 = 1 then
      v_minute := v_second / 60 % 60;
      v_minutes := ((p_cron[5]::bigint << 30) | p_cron[4]) >> v_minute;
      if v_minutes & 1 = 1 then
        v_seconds := ((p_cron[3]::bigint << 30) | p_cron[2]) >> (v_second % 60);
        if v_seconds <> 0 then
          return p_wall + jittask.low_bit(v_seconds);
        end if;
        v_minutes := v_minutes - 1;
      end if;
      if v_minutes <> 0 then
        return p_wall - v_second % 60 + 60 * jittask.low_bit(v_minutes) + p_cron[8] % 60;
      end if;
      v_hours := v_hours - 1;
    end if;
    return p_wall - v_second % 3600 + 3600 * jittask.low_bit(v_hours) + p_cron[8] % 3600;
  end if;

  if p_cron[1] & 2 = 2 then
    return (v_day + 1)::bigint * 86400 + p_cron[8];
  end if;

  v_days := v_days & -2;
  for v_months in 0..492 loop
    if v_days <> 0 then
      return (v_day + jittask.low_bit(v_days))::bigint * 86400 + p_cron[8];
    end if;
    v_day := v_day + v_length - v_day_of_month + 1;
    v_day_of_month := 1;
    v_first := (v_first + v_length) % 7;
    v_month := v_month % 12 + 1;
    if v_month = 1 then
      v_year := v_year + 1;
      exit when v_year > 9999;
    end if;
    v_length := case when v_month <> 2 then 30 + ((v_month + v_month / 8) & 1)
                     when v_year % 4 = 0 and (v_year % 100 <> 0 or v_year % 400 = 0) then 29
                     else 28 end;
    if (p_cron[7] >> v_month) & 1 = 1 then
      v_days := p_cron[v_first * 4 + v_length - 17];
    end if;
  end loop;
  return null;
end;
$$;
