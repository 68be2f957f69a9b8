-- Casts under which two columns are compared, or a null family where they are not comparable. No cast
-- raises for any row: numbers meet as numeric or, without one, as float8 (numeric to float8 could
-- overflow); a timestamptz meets dates and timestamps as wall-clock time of p_timezone, instants past
-- the range of that cast as the nearest within.
create or replace function jittask.column_pair(
  p_family       text,
  p_type         oid,
  p_other_family text,
  p_other_type   oid,
  p_timezone     text,
  out family     text,
  out form       text,
  out other_form text
)
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_families constant text[] := array[p_family, p_other_family];
  v_local text := format(
    'pg_catalog.timezone(%L, case when pg_catalog.isfinite(%%1$s) then least(greatest(%%1$s, '
    '''4713-01-02 00:00:00+00 BC''::pg_catalog.timestamptz), ''294276-12-30 00:00:00+00''::pg_catalog.timestamptz) '
    'else %%1$s end)', replace(p_timezone, '%', '%%'));
begin
  form := '%s';
  other_form := '%s';
  if p_family = p_other_family and (p_type = p_other_type or p_family in ('integer', 'text', 'inet')) then
    family := p_family;
  elsif v_families <@ array['integer', 'numeric', 'float'] then
    family := case when 'numeric' = any (v_families) then 'numeric' else 'float' end;
    form := '%s::pg_catalog.' || case family when 'numeric' then 'numeric' else 'float8' end;
    other_form := form;
  elsif v_families <@ array['text', 'bpchar'] then
    family := 'text';
    form := '%s::pg_catalog.text';
    other_form := form;
  elsif v_families <@ array['date', 'timestamp', 'timestamptz'] then
    family := 'timestamp';
    form := case when p_family = 'timestamptz' then v_local else form end;
    other_form := case when p_other_family = 'timestamptz' then v_local else other_form end;
  end if;
end;
$$;
