-- The first local day whose wall-clock time p_time is at or after an instant.
create or replace function jittask.first_day_at(
  p_at timestamptz,
  p_time time,
  p_timezone text
)
returns date
language plpgsql
stable
as $$
declare
  v_day date := (p_at at time zone p_timezone)::date - 2;
begin
  while jittask.to_instant(v_day + p_time, p_timezone) < p_at loop
    v_day := v_day + 1;
  end loop;
  return v_day;
end;
$$;
