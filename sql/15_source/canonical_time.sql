-- Canonical text of a date or time that a user gave in ISO form, or null when it is none. A time
-- without offset is read in p_timezone (null: an instant then needs its offset), and for a column
-- without zone an offset is turned into the local time there. Words such as now, today, epoch and
-- infinity are no ISO form: what they mean depends on the moment or on nothing.
create or replace function jittask.canonical_time(
  p_value    text,
  p_family   text,
  p_timezone text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD'
set timezone = 'UTC'
as $$
declare
  c_day    constant text := '[0-9]{4,7}-[0-9]{2}-[0-9]{2}';
  c_clock  constant text := '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?';
  c_offset constant text := ' ?(Z|[+-][0-9]{2}(:?[0-5][0-9]){0,2})';
  v_has_offset bool;
begin
  if p_family = 'time' then
    return case
             when p_value ~ ('^' || c_clock || '$') or p_value ~ '^24:00(:00([.]0{1,6})?)?$'
             then p_value::time::text
           end;
  end if;
  if p_family = 'date' then
    return case when p_value ~ ('^' || c_day || '( BC)?$') then p_value::date::text end;
  end if;
  if p_value !~ ('^' || c_day || '([T ]' || c_clock || '(' || c_offset || ')?)?( BC)?$') then
    return null;
  end if;
  v_has_offset := p_value ~ ('[T ]' || c_clock || c_offset || '( BC)?$');
  if v_has_offset then
    if p_family = 'timestamptz' then
      return p_value::timestamptz::text;
    end if;
    return case when p_timezone is not null then timezone(p_timezone, p_value::timestamptz)::text end;
  elsif p_family = 'timestamp' then
    return p_value::timestamp::text;
  end if;
  return case
           when p_timezone is not null then jittask.to_instant(p_value::timestamp, p_timezone)::text
         end;
end;
$$;
