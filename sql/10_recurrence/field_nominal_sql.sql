-- Expression for the first nominal instant of a source row, equal to field_nominal for every value:
-- null for null, infinity and whatever leaves the years 1 to 9999. For generated code.
create or replace function jittask.field_nominal_sql(
  p_type text,
  p_column_sql text,
  p_offset interval,
  p_at_time time,
  p_timezone text
)
returns text
language sql
stable
as $$
  select jittask.field_sql('field_nominal', p_type, p_column_sql, p_offset, p_at_time, p_timezone)
$$;
