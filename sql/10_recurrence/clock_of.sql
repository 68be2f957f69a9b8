-- The name under which AT TIME ZONE finds the clock of a zone. Some zones are called like an
-- abbreviation of a fixed offset, which Postgres looks up first: "CET" would be an hour ahead of UTC
-- in summer too. These give the zone that IANA links them to. Tasks keep the name they were given.
create or replace function jittask.clock_of(
  p_timezone text
)
returns text
language sql
immutable
as $$
  select case p_timezone
    when 'CET' then 'Europe/Brussels'
    when 'MET' then 'Europe/Brussels'
    when 'EET' then 'Europe/Athens'
    when 'WET' then 'Europe/Lisbon'
    when 'EST' then 'America/Panama'
    when 'MST' then 'America/Phoenix'
    when 'HST' then 'Pacific/Honolulu'
    else p_timezone
  end
$$;
