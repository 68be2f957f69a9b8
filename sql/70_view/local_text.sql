-- An instant as people of a zone write it, with the zone: "Mon 2026-03-02 09:00:00 Europe/Berlin".
create or replace function jittask.local_text(
  p_at timestamptz,
  p_timezone text
)
returns text
language sql
stable
security invoker
as $$
  select to_char(p_at at time zone p_timezone, 'Dy YYYY-MM-DD HH24:MI:SS') || ' ' || p_timezone;
$$;
