-- SQL for one node of a filter in full form, in parentheses of its own. Three-valued: null where a
-- column is null, as in SQL; jittask.compile_filter makes it true or false at the top.
create or replace function jittask.compile_condition(
  p_form     jsonb,
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
  v_logic text := case when p_form ? 'and' then 'and' else 'or' end;
begin
  if p_form ? 'field' then
    return jittask.compile_comparison(p_form, p_table, p_timezone, p_alias);
  elsif p_form ? 'not' then
    return format('(not %s)', jittask.compile_condition(p_form -> 'not', p_table, p_timezone, p_alias));
  elsif p_form -> v_logic = '[]' then
    return '(true)';
  end if;
  return (select '(' || string_agg(jittask.compile_condition(c.value, p_table, p_timezone, p_alias),
                                   format(' %s ', v_logic) order by c.ordinality) || ')'
          from jsonb_array_elements(p_form -> v_logic) with ordinality c);
end;
$$;
