-- SQL constant for a value that a column is compared with: canonical text, quoted, with a qualified
-- cast. Enum labels stay without a cast: next to an enum they take its type, and naming the type
-- would need USAGE on its schema. JT001 where the value does not fit the column's type.
create or replace function jittask.filter_constant(
  p_value    jsonb,
  p_table    regclass,
  p_field    text,
  p_timezone text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_column record;
  v_text   text;
begin
  select t.* into v_column
  from jittask.filter_column(p_table, p_field) t;
  v_text := jittask.canonical_text(p_value, v_column.family, v_column.base_type, p_timezone);
  if v_text is null then
    raise exception using errcode = 'JT001',
      message = format('Filter field "%s" of type "%s" does not take the value "%s"', p_field,
                       v_column.type_name, left(p_value #>> '{}', 100)),
      hint = jittask.value_hint(v_column.family, v_column.base_type);
  end if;
  return quote_literal(v_text) || v_column.constant_cast;
end;
$$;
