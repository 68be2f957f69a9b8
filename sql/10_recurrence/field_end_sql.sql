-- Expression for the end of a source row's series, equal to field_end for every value. For generated
-- code.
create or replace function jittask.field_end_sql(
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
  select jittask.field_sql('field_end', p_type, p_column_sql, p_offset, p_at_time, p_timezone)
$$;
