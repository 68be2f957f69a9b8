-- Fingerprint of the offsets of a zone, every three hours for four years from p_from: no change of
-- offset on record is undone sooner.
create or replace function jittask.zone_fingerprint(
  p_timezone text,
  p_from date
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select md5(string_agg((h.at at time zone p_timezone - h.at at time zone 'UTC')::text, ',' order by h.at))
  from generate_series(
    p_from::timestamp at time zone 'UTC', p_from::timestamp at time zone 'UTC' + interval '35064 hours',
    interval '3 hours'
  ) h (at);
$$;
