-- For each local day in [p_from, p_until] the day to which the holiday rule moves it (null = dropped), in
-- one pass: workday_of for many days.
create or replace function jittask.workday_targets(
  p_calendar text,
  p_from date,
  p_until date,
  p_skip_holidays text,
  p_holiday_policy text
)
returns table (
  day date,
  target date
)
language plpgsql
stable
rows 1000
as $$
declare
  v_map text := jittask.workday_map(p_calendar, p_from - 400, p_until - p_from + 801);
  v_free text := case p_skip_holidays when 'holidays' then 'h' else '0h' end;
begin
  -- Each frame grows in the direction of its order, so that no day is looked at twice.
  return query
  select w.day,
    case when strpos(v_free, w.kind) = 0 then w.day
         when p_holiday_policy <> 'drop' and abs(w.nearest - w.day) <= 400 then w.nearest end
  from (
    select p_from - 401 + d.n::int as day, d.kind,
      case when p_holiday_policy = 'previous_workday' then
        p_from - 401 + (max(d.n) filter (where d.kind = '1') over (order by d.n))::int
      else
        p_from - 401 + (min(d.n) filter (where d.kind = '1') over (order by d.n desc))::int
      end as nearest
    from string_to_table(v_map, null) with ordinality d(kind, n)
  ) w
  where w.day between p_from and p_until;
end;
$$;
