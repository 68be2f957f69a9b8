-- End of a source row's series, inclusive, from an end field that is a date: as field_nominal, but
-- without p_at_time through that local day, to its last microsecond.
create or replace function jittask.field_end(
  p_value date,
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
    return jittask.field_instant(p_value, p_offset, p_at_time, p_timezone, p_at_time is null);
  end if;
  return null;
end;
$$;
