-- SQL condition for a filter, over the row alias p_alias: true for rows that match, false for all
-- others, never null; null for a null filter. Total: no row makes it raise. Constants are canonical,
-- names and operators qualified, so that it means the same in every session. JT001 for bad input.
-- Whoever puts it into the body of a function must quote that body with %L, not with dollars.
create or replace function jittask.compile_filter(
  p_filter   jsonb,
  p_table    regclass,
  p_timezone text,
  p_alias    text default 'r'
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form  jsonb;
  v_count bigint;
begin
  if p_filter is null then
    return null;
  end if;
  if octet_length(p_filter::text) > 100000 then
    raise exception using errcode = 'JT001',
      message = format('Filter has "%s" bytes, more than "100000"', octet_length(p_filter::text)),
      hint = 'Keep long lists in a column or table of yours and filter by that';
  end if;
  v_form := jittask.filter_form(p_filter);
  select count(*) into v_count
  from jittask.filter_conditions(v_form);
  if v_count > 200 then
    raise exception using errcode = 'JT001',
      message = format('Filter has "%s" conditions, more than "200"', v_count),
      hint = 'Use op "in" for many values of one column';
  end if;
  return format('(%s is true)', jittask.compile_condition(v_form, p_table, p_timezone, p_alias));
end;
$$;
