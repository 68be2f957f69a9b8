-- SQL constant for the value that a person gave for a key column; enums and citext as text, which gives
-- the same key. Infinite dates are keys like any other. JT001 where the value does not fit.
create or replace function jittask.key_constant(
  p_table  regclass,
  p_column text,
  p_value  jsonb
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
  from jittask.key_column(p_table, p_column) t;
  v_text := case
              when v_column.family in ('date', 'timestamp', 'timestamptz')
                   and p_value in ('"infinity"', '"-infinity"') then p_value #>> '{}'
              when v_column.family = 'citext' then
                jittask.canonical_text(p_value, 'text', v_column.base_type, null)
              else
                jittask.canonical_text(p_value, v_column.family, v_column.base_type, null)
            end;
  if v_text is null then
    raise exception using errcode = 'JT001',
      message = format('Key column "%s" of type "%s" does not take the value "%s"', p_column, v_column.type_name,
                       left(coalesce(p_value #>> '{}', 'null'), 100)),
      hint = jittask.value_hint(v_column.family, v_column.base_type);
  end if;
  return quote_literal(v_text)
         || case when v_column.family in ('enum', 'citext') then '::pg_catalog.text' else v_column.constant_cast end;
end;
$$;
