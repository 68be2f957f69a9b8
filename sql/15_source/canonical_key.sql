-- Canonical key text for what a person gave: an object of the key columns, or the bare value of a key of
-- one column. Null for null. JT001, naming the column, where it does not fit. The text comes from the
-- expression of jittask.key_sql itself, over constants, so the two cannot differ.
create or replace function jittask.canonical_key(
  p_table       regclass,
  p_key_columns text[],
  p_source_key  jsonb
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_object  jsonb := p_source_key;
  v_unknown text;
  v_missing text;
  v_row     text;
  v_key     text;
begin
  if p_source_key is null then
    return null;
  end if;
  if jsonb_typeof(p_source_key) <> 'object' and cardinality(p_key_columns) = 1 then
    v_object := jsonb_build_object(p_key_columns[1], p_source_key);
  elsif jsonb_typeof(p_source_key) = 'object' then
    select min(k) into v_unknown
    from jsonb_object_keys(p_source_key) k
    where k <> all (p_key_columns);
    select min(c) into v_missing
    from unnest(p_key_columns) c
    where not p_source_key ? c;
  end if;
  if jsonb_typeof(v_object) <> 'object' or v_unknown is not null or v_missing is not null then
    raise exception using errcode = 'JT001',
      message = format('Source key "%s" does not fit table "%s"%s', left(p_source_key::text, 100), p_table,
                       coalesce(': "' || v_unknown || '" is no key column', ': "' || v_missing || '" is missing')),
      hint = format('Give an object of the key columns "%s"', array_to_string(p_key_columns, '", "'));
  end if;
  select string_agg(jittask.key_constant(p_table, c.name, v_object -> c.name) || format(' as %I', c.name), ', ')
  into v_row
  from unnest(p_key_columns) c (name);
  execute format('select %s from (select %s) r', jittask.key_sql(p_table, p_key_columns, 'r'), v_row) into v_key;
  return v_key;
end;
$$;
