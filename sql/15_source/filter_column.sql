-- Type of a column that a filter names (see jittask.column_type). JT001 where the column does not
-- exist or is of a type that filters do not take.
create or replace function jittask.filter_column(
  p_table           regclass,
  p_column          text,
  out family        text,
  out type_name     text,
  out base_type     oid,
  out row_cast      text,
  out constant_cast text,
  out collation_id  oid
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message text;
  v_hint    text;
begin
  select t.* into family, type_name, base_type, row_cast, constant_cast, collation_id
  from jittask.column_type(p_table, p_column) t;
  if family is null then
    v_message := format('Filter field "%s" is not a column of table "%s"', p_column, p_table);
    v_hint := 'Use one of its columns: ' || jittask.column_list(p_table);
  elsif family = 'virtual' then
    v_message := format('Filter field "%s" of table "%s" is a virtual generated column, which triggers do not see',
                        p_column, p_table);
    v_hint := 'Make the generated column stored, or filter by the columns that it is computed from';
  elsif family = 'refused' then
    v_message := format('Filter field "%s" of table "%s" is of type "%s", which filters do not take', p_column,
                        p_table, type_name);
    v_hint := 'Filter by columns of built-in types, enums, domains over these or extension types such as citext';
  else
    return;
  end if;
  raise exception using errcode = 'JT001', message = v_message, hint = v_hint;
end;
$$;
