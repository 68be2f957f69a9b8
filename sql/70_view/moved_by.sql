-- What makes an occurrence due at another time than its plain wall-clock time would say: a free day,
-- a gap, the second pass of an overlap. Null when nothing does.
create or replace function jittask.moved_by(
  p_calendar text,
  p_timezone text,
  p_nominal_at timestamptz,
  p_due_at timestamptz
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_local timestamp := p_due_at at time zone p_timezone;
  v_just_before timestamp := (p_due_at - interval '1 microsecond') at time zone p_timezone;
  v_day text;
  v_clock text;
begin
  if p_nominal_at <> p_due_at then
    select format(
      '%s in calendar %s',
      coalesce(d.name, case when d.day is null then 'a free weekday' else 'a holiday' end), p_calendar
    )
    into v_day
    from (values ((p_nominal_at at time zone p_timezone)::date)) n (day)
    left join jittask.calendar_day d on d.calendar = p_calendar and d.day = n.day;
  end if;
  if v_local > v_just_before + interval '1 second' then
    v_clock := 'clocks go forward: the first instant after the gap';
  elsif (p_due_at + interval '1 hour') at time zone p_timezone = v_local then
    v_clock := 'clocks go back: the first of two passes';
  end if;
  return nullif(concat_ws('; ', v_day, v_clock), '');
end;
$$;
