-- A filter whose fields were renamed: p_renamed holds the new name of each old one. In the full form a
-- field is named by "field"; in the short form it is the key itself.
create or replace function jittask.renamed_filter(
  p_filter jsonb,
  p_renamed jsonb
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_filter is null then
    return null;
  elsif jsonb_typeof(p_filter) = 'array' then
    return (
      select coalesce(jsonb_agg(jittask.renamed_filter(e.value, p_renamed) order by e.no), '[]')
      from jsonb_array_elements(p_filter) with ordinality e (value, no)
    );
  elsif jsonb_typeof(p_filter) <> 'object' then
    return p_filter;
  elsif exists (
    select from jsonb_each(p_filter) e
    where e.key in ('and', 'or', 'not') and jsonb_typeof(e.value) in ('array', 'object')
  ) then
    return (
      select jsonb_object_agg(e.key, jittask.renamed_filter(e.value, p_renamed)) from jsonb_each(p_filter) e
    );
  elsif p_filter ?& array['field', 'op'] then
    return p_filter
      || jsonb_build_object('field', coalesce(p_renamed ->> (p_filter ->> 'field'), p_filter ->> 'field'))
      || case
           when p_filter #>> '{value,field}' is not null then jsonb_build_object(
             'value', jsonb_build_object('field', coalesce(p_renamed ->> (p_filter #>> '{value,field}'), p_filter #>> '{value,field}'))
           )
           else '{}'
         end;
  end if;
  return (
    select coalesce(jsonb_object_agg(coalesce(p_renamed ->> e.key, e.key), e.value), '{}')
    from jsonb_each(p_filter) e
  );
end;
$$;
