-- The short form {"column": value, …} written out: equality of each named column, joined by and; null
-- stands for is_null. {} has no condition and is true of every row.
create or replace function jittask.filter_short_form(
  p_filter jsonb
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_list      record;
  v_conditions jsonb;
begin
  select k.key, k.value into v_list
  from jsonb_each(p_filter) k
  where jsonb_typeof(k.value) = 'array'
  order by k.key
  limit 1;
  if found then
    raise exception using errcode = 'JT001',
      message = format('Filter field "%s" does not take the list "%s"', v_list.key, left(v_list.value::text, 100)),
      hint = format('Write {"field": %s, "op": "in", "value": […]}', to_json(v_list.key));
  end if;
  select jsonb_agg(
           case
             when k.value = 'null' then jsonb_build_object('field', k.key, 'op', 'is_null')
             else jsonb_build_object('field', k.key, 'op', '=', 'value', k.value)
           end
           order by k.key
         )
  into v_conditions
  from jsonb_each(p_filter) k;
  return case
           when jsonb_array_length(v_conditions) = 1 then v_conditions -> 0
           else jsonb_build_object('and', coalesce(v_conditions, '[]'))
         end;
end;
$$;
