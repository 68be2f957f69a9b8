-- An error as it is kept: without the passwords of connection strings, and with its middle cut out where it
-- is longer than 16 KB. What workers do before they report.
create or replace function jittask.storable_text(
  p_text text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when length(r.text) <= 16384 then r.text
    else format(E'%s\n… (%s characters cut) …\n%s', left(r.text, 4096), length(r.text) - 16384, right(r.text, 12288))
  end
  from (
    select regexp_replace(
      regexp_replace(p_text, $r$(\m[a-z][a-z0-9+.-]*://[^\s/?#@:'"]*):[^\s/?#'"]*@$r$, '\1:***@', 'gi'),
      $r$(\m(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s&,;)'"]+)$r$, '\1***', 'gi'
    )
  ) r (text);
$$;
