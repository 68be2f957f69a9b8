-- SQL of in and not_in. Constants become one array, which the server hashes when it is long; enums,
-- whose array would have to be named with its schema, and lists with columns become comparisons.
create or replace function jittask.compile_membership(
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
  v_values jsonb := p_condition -> 'value';
  v_is_in  bool := p_condition ->> 'op' = 'in';
  v_column record;
begin
  if jsonb_array_length(v_values) > 1000 then
    raise exception using errcode = 'JT001',
      message = format('Filter field "%s" has a list of "%s" values, more than "1000"', v_field,
                       jsonb_array_length(v_values)),
      hint = 'Keep long lists in a column of yours and filter by that';
  end if;
  select t.* into v_column
  from jittask.filter_column(p_table, v_field) t;
  if v_column.family = 'enum'
     or exists (select from jsonb_array_elements(v_values) v where jittask.filter_value_column(v.value) is not null)
  then
    return (select '(' || string_agg(jittask.compile_pair(v_field, case when v_is_in then '=' else '!=' end,
                                                          v.value, p_table, p_timezone, p_alias),
                                     case when v_is_in then ' or ' else ' and ' end order by v.ordinality) || ')'
            from jsonb_array_elements(v_values) with ordinality v);
  end if;
  return jittask.comparison_sql(
    format('%I.%I%s', p_alias, v_field, v_column.row_cast),
    case when v_is_in then '=' else '!=' end,
    (select format('%s (array[%s])', case when v_is_in then 'any' else 'all' end,
                   string_agg(jittask.filter_constant(v.value, p_table, v_field, p_timezone), ', '
                              order by v.ordinality))
     from jsonb_array_elements(v_values) with ordinality v),
    v_column.family, v_column.base_type);
end;
$$;
