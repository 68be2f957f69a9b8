-- Why an occurrence is not due at its plain wall-clock time: a free day, a gap, the second pass of an
-- overlap. Empty when it is.
create or replace function jittask.moved_text(
  p_task jittask.task,
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
  v_day date := (p_nominal_at at time zone p_timezone)::date;
  v_local timestamp := p_due_at at time zone p_timezone;
  v_why text := '';
begin
  if p_nominal_at <> p_due_at then
    select format(
      ', moved from %s, which is %s in calendar %s', jittask.local_text(p_nominal_at, p_timezone),
      coalesce(d.name, case when d.day is null then 'a free weekday' else 'a holiday' end), p_task.calendar
    )
    into v_why
    from (values (1)) one (no)
    left join jittask.calendar_day d on d.calendar = p_task.calendar and d.day = v_day;
  end if;
  if v_local = (p_due_at - interval '1 microsecond') at time zone p_timezone + interval '1 microsecond' then
    if (p_due_at + interval '1 hour') at time zone p_timezone = v_local then
      v_why := v_why || ' (the first of two passes of this wall-clock time: clocks go back)';
    end if;
  elsif v_local > (p_due_at - interval '1 microsecond') at time zone p_timezone + interval '1 second' then
    v_why := v_why || ' (the first instant after a gap: clocks go forward)';
  end if;
  return v_why;
end;
$$;
