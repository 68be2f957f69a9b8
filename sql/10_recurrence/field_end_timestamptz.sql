-- End of a source row's series, inclusive, from an end field that is a timestamptz: as field_nominal.
create or replace function jittask.field_end(
  p_value timestamptz,
  p_offset interval,
  p_at_time time,
  p_timezone text
)
returns timestamptz
language sql
stable
as $$
  select jittask.field_nominal(p_value, p_offset, p_at_time, p_timezone)
$$;
