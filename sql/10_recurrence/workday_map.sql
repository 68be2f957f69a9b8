-- The days of a calendar from p_from on, a character each: 1 = working day, 0 = free by the weekend,
-- h = marked free. Two index probes for any number of days; without a calendar all days work.
create or replace function jittask.workday_map(
  p_calendar text,
  p_from date,
  p_days int
)
returns text
language plpgsql
stable
as $$
declare
  v_weekend int[];
  v_weekday int := date_part('dow', p_from);
  v_week text := '';
  v_map text;
  v_mapped int;
  v_day int;
  v_working bool;
begin
  select c.weekend into v_weekend from jittask.calendar c where c.name = p_calendar;
  for v_n in v_weekday..v_weekday + 6 loop
    v_week := v_week || case when v_n % 7 = any (v_weekend) then '0' else '1' end;
  end loop;

  if p_days > 200 then
    -- Put together from the stretches between marked days, so that the cost follows their number.
    select string_agg(
      substr(repeat(v_week, (m.at - m.since) / 7 + 2), m.since % 7 + 1, m.at - m.since)
        || case when m.working then '1' else 'h' end,
      '' order by m.at
    ), max(m.at) + 1
    into v_map, v_mapped
    from (
      select d.day - p_from as at, d.working,
        coalesce(lag(d.day) over (order by d.day) - p_from + 1, 0) as since
      from jittask.calendar_day d
      where d.calendar = p_calendar and d.day >= p_from and d.day < p_from + p_days
    ) m;
    v_mapped := coalesce(v_mapped, 0);
    return coalesce(v_map, '')
      || substr(repeat(v_week, (p_days - v_mapped) / 7 + 2), v_mapped % 7 + 1, p_days - v_mapped);
  end if;

  v_map := left(repeat(v_week, p_days / 7 + 1), p_days);
  for v_day, v_working in
    select d.day - p_from, d.working
    from jittask.calendar_day d
    where d.calendar = p_calendar and d.day >= p_from and d.day < p_from + p_days
  loop
    v_map := overlay(v_map placing case when v_working then '1' else 'h' end from v_day + 1 for 1);
  end loop;
  return v_map;
end;
$$;
