-- SQL for one condition of field, op and value, in parentheses. JT001 where field, op and value do not
-- fit each other. is_null looks at the column as it is; everything else at its base type.
create or replace function jittask.compile_comparison(
  p_condition jsonb,
  p_table     regclass,
  p_timezone  text,
  p_alias     text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_field  text := p_condition ->> 'field';
  v_op     text := p_condition ->> 'op';
  v_value  jsonb := p_condition -> 'value';
  v_column record;
  v_ops    text[];
  v_left   text;
begin
  select t.* into v_column
  from jittask.filter_column(p_table, v_field) t;
  v_ops := jittask.filter_ops(v_column.family, v_column.base_type, v_column.collation_id);
  if v_op <> all (v_ops) then
    raise exception using errcode = 'JT001',
      message = format('Filter field "%s" of type "%s" does not take the op "%s"', v_field, v_column.type_name, v_op),
      hint = 'Use one of ' || array_to_string(v_ops, ', ');
  end if;
  v_left := format('%I.%I%s', p_alias, v_field, v_column.row_cast);
  case
    when v_op in ('is_null', 'is_not_null') then
      return format('(%I.%I %s)', p_alias, v_field, replace(v_op, '_', ' '));
    when v_op in ('like', 'ilike', 'starts_with') then
      return jittask.pattern_sql(v_left, v_op, v_value, v_field, v_column.family, v_column.base_type,
                                 v_column.constant_cast);
    when v_op = 'between' then
      return format('(%s and %s)',
                    jittask.compile_pair(v_field, '>=', v_value -> 0, p_table, p_timezone, p_alias),
                    jittask.compile_pair(v_field, '<=', v_value -> 1, p_table, p_timezone, p_alias));
    when v_op in ('in', 'not_in') then
      return jittask.compile_membership(p_condition, p_table, p_timezone, p_alias);
    else
      return jittask.compile_pair(v_field, v_op, v_value, p_table, p_timezone, p_alias);
  end case;
end;
$$;
