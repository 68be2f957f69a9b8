-- SQL of like, ilike and starts_with. The pattern is always a constant: one out of a row could end in
-- its escape character and raise. For an extension type starts_with becomes like, by its own rules.
create or replace function jittask.pattern_sql(
  p_left   text,
  p_op     text,
  p_value  jsonb,
  p_field  text,
  p_family text,
  p_type   oid,
  p_cast   text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  c_escape constant text := chr(92);
  v_text   text := p_value #>> '{}';
  v_hint   text;
begin
  if jsonb_typeof(p_value) <> 'string' then
    v_hint := 'Give a string; another column cannot serve as a pattern';
  elsif p_op <> 'starts_with' and right(replace(v_text, c_escape || c_escape, ''), 1) = c_escape then
    v_hint := 'Write a backslash at the end of a pattern twice';
  end if;
  if v_hint is not null then
    raise exception using errcode = 'JT001', hint = v_hint,
      message = format('Filter field "%s" with op "%s" does not take the value "%s"', p_field, p_op,
                       left(v_text, 100));
  end if;
  if p_family in ('citext', 'extension') then
    if p_op = 'starts_with' then
      v_text := replace(replace(replace(v_text, c_escape, c_escape || c_escape), '%', c_escape || '%'),
                        '_', c_escape || '_') || '%';
    end if;
    return jittask.comparison_sql(p_left, case when p_op = 'ilike' then 'ilike' else 'like' end,
                                  quote_literal(v_text) || p_cast, p_family, p_type);
  elsif p_op = 'starts_with' then
    return format('pg_catalog.starts_with(%s::pg_catalog.text, %L::pg_catalog.text)', p_left, v_text);
  end if;
  return jittask.comparison_sql(p_left, p_op, quote_literal(v_text) || '::pg_catalog.text', p_family, p_type);
end;
$$;
