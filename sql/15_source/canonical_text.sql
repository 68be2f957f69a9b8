-- Text of a JSON value in the form in which its type prints it, or null when the value does not fit
-- the type. p_family and p_type are those of jittask.column_type; the cast is to the base
-- type, so no check of a domain runs. The settings make the text the same for every session.
create or replace function jittask.canonical_text(
  p_value    jsonb,
  p_family   text,
  p_type     regtype,
  p_timezone text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
set intervalstyle = 'iso_8601'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
declare
  c_number constant text := '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,5})?$';
  v_json   text := jsonb_typeof(p_value);
  v_text   text := p_value #>> '{}';
begin
  if p_family = 'jsonb' then
    return p_value::text;
  elsif p_family = 'bool' then
    return case when v_json = 'boolean' then v_text end;
  elsif p_family in ('integer', 'numeric', 'float') then
    if v_json not in ('number', 'string') then
      return null;
    elsif v_text ~ c_number then
      v_text := v_text::numeric::text;
    elsif p_family = 'integer' or v_text !~ '^(NaN|[+-]?Infinity)$' then
      return null;
    end if;
    if p_family = 'integer' then
      v_text := case when v_text::numeric = trunc(v_text::numeric) then trunc(v_text::numeric)::text end;
    end if;
  elsif v_json <> 'string' then
    return null;
  elsif p_family in ('text', 'bpchar') then
    return v_text;
  elsif p_family in ('date', 'time', 'timestamp', 'timestamptz') then
    return jittask.canonical_time(v_text, p_family, p_timezone);
  elsif p_family = 'enum' then
    return (select e.enumlabel from pg_enum e where e.enumtypid = p_type and e.enumlabel = v_text);
  elsif p_family = 'bytea' and (left(v_text, 2) <> chr(92) || 'x'
                                or substr(v_text, 3) !~ '^([0-9a-fA-F]{2})*$') then
    return null;
  elsif p_family = 'interval' and v_text ~* 'infinity' then
    return null;
  end if;
  execute format('select (%L::%s)::pg_catalog.text', v_text, p_type) into v_text;
  return v_text;
exception
  -- Extensions report a malformed value as they like: ltree as a syntax error, hstore as an internal one.
  when data_exception or syntax_error or program_limit_exceeded or internal_error then
    return null;
end;
$$;
