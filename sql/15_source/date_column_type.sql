-- Type of a column that a date-field task may take its dates from: date, timestamp or timestamptz,
-- domains resolved. JT001 where the column does not exist or is of another type.
create or replace function jittask.date_column_type(
  p_table  regclass,
  p_column text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  c_families constant text[] := array['date', 'timestamp', 'timestamptz'];
  v_column  record;
  v_message text;
begin
  select t.* into v_column
  from jittask.column_type(p_table, p_column) t;
  if v_column.family = any (c_families) then
    return v_column.family;
  end if;
  v_message := case
                 when v_column.family is null then
                   format('Date field "%s" is not a column of table "%s"', p_column, p_table)
                 when v_column.family = 'virtual' then
                   format('Date field "%s" of table "%s" is a virtual generated column, which triggers do not see',
                          p_column, p_table)
                 else
                   format('Date field "%s" of table "%s" is of type "%s"', p_column, p_table, v_column.type_name)
               end;
  raise exception using errcode = 'JT001', message = v_message,
    detail = 'Columns of type date, timestamp or timestamptz: ' || jittask.column_list(p_table, c_families),
    hint = 'Name a column of type date, timestamp or timestamptz';
end;
$$;
