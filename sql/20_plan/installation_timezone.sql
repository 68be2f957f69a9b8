-- The zone of tasks that name none: the setting "timezone", never the session's TimeZone.
create or replace function jittask.installation_timezone()
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select s.value from jittask.setting s where s.name = 'timezone';
$$;
