-- Returns the name when it is an IANA zone spelled as pg_timezone_names spells it; raises JT001
-- otherwise. Postgres itself would take "UTC+8" as UTC-8, "IST" as Israel and "Foo3" as a zone.
-- The list made at installation answers first; the slow view only for names that it cannot know.
-- Definer's rights: whoever may name a zone need not be granted the list.
create or replace function jittask.canonical_timezone(
  p_timezone text
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
begin
  select z.name into v_name from jittask.zone z where z.name = p_timezone;
  if found then
    return v_name;
  end if;

  if p_timezone is null then
    raise exception using
      errcode = 'JT001',
      message = 'Field timezone is null',
      hint = 'Give an IANA zone name, such as "Europe/Berlin" or "UTC"';
  end if;

  select z.name into v_name from jittask.zone z where lower(z.name) = lower(p_timezone);
  if not found
    -- A name with a slash may be newer than the list; anything else that is not in the list is an
    -- abbreviation or a POSIX rule. The pattern keeps paths away from the zone database.
    and p_timezone ~ '^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){1,3}$'
  then
    select n.name into v_name
    from pg_catalog.pg_timezone_names n
    where lower(n.name) = lower(p_timezone);
    if v_name = p_timezone then
      return v_name;
    end if;
  end if;

  raise exception using
    errcode = 'JT001',
    message = format('Field timezone is not a zone name: "%s"', left(p_timezone, 80)),
    hint = case
      when v_name is not null then format('Write "%s"', v_name)
      when p_timezone ~* '^(utc|gmt)[+-]?[0-9:]+$' then
        'Give the zone of a place, such as "Asia/Shanghai", or a fixed one such as "Etc/GMT-8", which is eight hours ahead of UTC'
      else 'Give an IANA zone name, such as "Europe/Berlin" or "UTC"; pg_timezone_names lists them'
    end;
end;
$$;
