-- Nominal instant of a source row whose date field is a timestamp, read in the task's zone; p_at_time
-- replaces the time of day. Total: null for null, infinity and whatever leaves the years 1 to 9999.
create or replace function jittask.field_nominal(
  p_value timestamp,
  p_offset interval,
  p_at_time time,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
begin
  if p_value >= '0001-01-01' and p_value < '10000-01-01' then
    return jittask.field_instant(p_value, p_offset, p_at_time, p_timezone, false);
  end if;
  return null;
end;
$$;
