-- A filter in its full form: and, or, not, and conditions of field, op and value alone; the short form
-- is resolved. JT001 for a shape that is none, nesting past 20 included; fields and values are not
-- looked at. "and", "or" with a list or object and "not" with an object or list are logic; with any
-- other value they are columns of that name, and so are "field" and "op" where the other is missing.
create or replace function jittask.filter_form(
  p_filter jsonb,
  p_depth  int default 1
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_logic text;
  v_part  jsonb;
begin
  if jsonb_typeof(p_filter) <> 'object' then
    raise exception using errcode = 'JT001',
      message = format('Filter condition "%s" is not a JSON object', left(p_filter::text, 100)),
      hint = 'Write {"column": value}, {"field": …, "op": …, "value": …}, {"and": […]}, {"or": […]} or {"not": …}';
  end if;
  if p_depth > 20 then
    raise exception using errcode = 'JT001',
      message = 'Filter is nested more than "20" levels deep',
      hint = 'Join conditions in one list instead of nesting them';
  end if;
  select k.key into v_logic
  from jsonb_each(p_filter) k
  where (k.key in ('and', 'or', 'not') and jsonb_typeof(k.value) in ('array', 'object'))
  order by k.key
  limit 1;
  if v_logic is null then
    return case
             when p_filter ?& array['field', 'op'] then jittask.filter_condition_form(p_filter)
             else jittask.filter_short_form(p_filter)
           end;
  end if;
  if p_filter - v_logic <> '{}' then
    raise exception using errcode = 'JT001',
      message = format('Filter key "%s" does not stand alone in "%s"', v_logic, left(p_filter::text, 100)),
      hint = 'Put all conditions into one list: {"and": […]}';
  end if;
  v_part := p_filter -> v_logic;
  if v_logic = 'not' then
    return jsonb_build_object('not', jittask.filter_form(v_part, p_depth + 1));
  end if;
  if jsonb_typeof(v_part) <> 'array' or v_part = '[]' then
    raise exception using errcode = 'JT001',
      message = format('Filter key "%s" does not take the value "%s"', v_logic, left(v_part::text, 100)),
      hint = 'Give a list of one or more conditions';
  end if;
  return (select jsonb_build_object(v_logic, jsonb_agg(jittask.filter_form(c.value, p_depth + 1) order by c.ordinality))
          from jsonb_array_elements(v_part) with ordinality c);
end;
$$;
