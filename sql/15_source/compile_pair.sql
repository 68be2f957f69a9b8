-- SQL that compares a field with one value: a constant, or another column of the row.
create or replace function jittask.compile_pair(
  p_field    text,
  p_op       text,
  p_value    jsonb,
  p_table    regclass,
  p_timezone text,
  p_alias    text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_other  text := jittask.filter_value_column(p_value);
  v_column record;
  v_sides  record;
begin
  select t.* into v_column
  from jittask.filter_column(p_table, p_field) t;
  if v_other is null then
    return jittask.comparison_sql(format('%I.%I%s', p_alias, p_field, v_column.row_cast), p_op,
                                  jittask.filter_constant(p_value, p_table, p_field, p_timezone),
                                  v_column.family, v_column.base_type);
  end if;
  select s.* into v_sides
  from jittask.filter_other_column(p_table, p_field, v_other, p_timezone, p_alias) s;
  return jittask.comparison_sql(v_sides.left_side, p_op, v_sides.right_side, v_sides.family, v_column.base_type);
end;
$$;
