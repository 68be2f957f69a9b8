-- What to write for a value of this type, in the imperative, for the hint of an error; family and type
-- are those of jittask.column_type.
create or replace function jittask.value_hint(
  p_family text,
  p_type   oid
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case p_family
           when 'integer' then format('Give a whole number within the range of %s', format_type(p_type, null))
           when 'numeric' then 'Give a number'
           when 'float' then format('Give a number within the range of %s', format_type(p_type, null))
           when 'bool' then 'Give true or false, without quotes'
           when 'date' then 'Give a day as a string in ISO form, "2026-12-31"'
           when 'time' then 'Give a time of day as a string, "09:30" or "09:30:00"'
           when 'timestamp' then 'Give a time as a string in ISO form, "2026-12-31T09:30:00"'
           when 'timestamptz' then 'Give an instant as a string in ISO form, "2026-12-31T09:30:00+08:00"'
           when 'interval' then 'Give a finite duration as a string, "3 days" or "P3D"'
           when 'uuid' then 'Give a UUID as a string'
           when 'inet' then 'Give a network address as a string, "10.0.0.0/8"'
           when 'bytea' then 'Give bytes as a string in hexadecimal form, "' || chr(92) || chr(92) || 'x0aff"'
           when 'enum' then (
             select 'Give one of ' || string_agg(to_json(l.enumlabel::text)::text, ', ' order by l.enumsortorder)
             from (select e.enumlabel, e.enumsortorder from pg_enum e where e.enumtypid = p_type
                   order by e.enumsortorder limit 20) l
           )
           else 'Give a string that the type can read'
         end;
$$;
