-- Checks the shape of one condition in full form and returns it: known keys, a known op, and a value
-- where the op takes one, of the right number of parts.
create or replace function jittask.filter_condition_form(
  p_condition jsonb
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  c_ops constant text[] := array['=', '!=', '<', '<=', '>', '>=', 'in', 'not_in', 'like', 'ilike',
                                 'starts_with', 'is_null', 'is_not_null', 'between'];
  v_field   text := p_condition ->> 'field';
  v_op      text := p_condition ->> 'op';
  v_value   jsonb := nullif(p_condition -> 'value', 'null');
  v_unknown jsonb := p_condition - array['field', 'op', 'value'];
  v_message text;
  v_hint    text;
begin
  if v_unknown <> '{}' then
    v_message := format('Unknown key "%s" in the filter condition "%s"',
                        (select min(k) from jsonb_object_keys(v_unknown) k), left(p_condition::text, 100));
    v_hint := 'Use the keys "field", "op" and "value"';
  elsif jsonb_typeof(p_condition -> 'field') <> 'string' then
    v_message := format('Filter field "%s" is not the name of a column', left(p_condition ->> 'field', 100));
    v_hint := 'Give the name of a column as a string';
  elsif jsonb_typeof(p_condition -> 'op') <> 'string' or v_op <> all (c_ops) then
    v_message := format('Filter field "%s" has the unknown op "%s"', v_field, left(v_op, 100));
    v_hint := 'Use one of ' || array_to_string(c_ops, ', ');
  elsif v_op in ('is_null', 'is_not_null') then
    if v_value is null then
      return jsonb_build_object('field', v_field, 'op', v_op);
    end if;
    v_message := format('Filter field "%s" with op "%s" takes no value, not "%s"', v_field, v_op,
                        left(v_value::text, 100));
    v_hint := 'Leave out "value"';
  elsif not p_condition ? 'value' then
    v_message := format('Filter field "%s" with op "%s" has no value', v_field, v_op);
    v_hint := 'Add the key "value"';
  elsif v_value is null then
    v_message := format('Filter field "%s" with op "%s" does not take the value "null"', v_field, v_op);
    v_hint := 'Use op "is_null" or "is_not_null"';
  elsif v_op = 'between' and (jsonb_typeof(v_value) <> 'array' or jsonb_array_length(v_value) <> 2) then
    v_message := format('Filter field "%s" with op "between" does not take the value "%s"', v_field,
                        left(v_value::text, 100));
    v_hint := 'Give a list of the lowest and the highest value';
  elsif v_op in ('in', 'not_in') and (jsonb_typeof(v_value) <> 'array' or v_value = '[]') then
    v_message := format('Filter field "%s" with op "%s" does not take the value "%s"', v_field, v_op,
                        left(v_value::text, 100));
    v_hint := 'Give a list of one or more values';
  elsif v_op in ('in', 'not_in', 'between') and v_value @> '[null]' then
    v_message := format('Filter field "%s" with op "%s" has the value "null" in its list', v_field, v_op);
    v_hint := 'Take it out of the list and join a condition with op "is_null" or "is_not_null"';
  else
    return p_condition;
  end if;
  raise exception using errcode = 'JT001', message = v_message, hint = v_hint;
end;
$$;
