-- How one key column becomes JSON text: an SQL expression of type text and what stands around it. No
-- session setting changes the result, equal keys give equal text: numeric without trailing zeros,
-- char without trailing blanks, citext in lower case, instants in UTC. Enums go through their output
-- function: a cast to text may be the user's own.
create or replace function jittask.key_part(
  p_family       text,
  p_operand      text,
  out opening    text,
  out expression text,
  out closing    text
)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case p_family when 'uuid' then '"' when 'bytea' then '"' || repeat(chr(92), 2) || 'x' else '' end,
         format(
           case
             when p_family in ('integer', 'bool', 'uuid') then '%1$s::pg_catalog.text'
             when p_family in ('text', 'bpchar') then 'pg_catalog.to_json(%1$s::pg_catalog.text)::pg_catalog.text'
             when p_family = 'citext' then
               'pg_catalog.to_json(pg_catalog.lower(%1$s::pg_catalog.text collate pg_catalog."default"))::pg_catalog.text'
             when p_family = 'enum' then 'pg_catalog.to_json(pg_catalog.format(''%%s'', %1$s))::pg_catalog.text'
             when p_family in ('date', 'time', 'timestamp') then 'pg_catalog.to_json(%1$s)::pg_catalog.text'
             when p_family = 'numeric' then
               'case when %1$s operator(pg_catalog.=) any (''{NaN,Infinity,-Infinity}''::pg_catalog.numeric[]) '
               'then pg_catalog.to_json(%1$s::pg_catalog.text)::pg_catalog.text '
               'else pg_catalog.trim_scale(%1$s)::pg_catalog.text end'
             when p_family = 'timestamptz' then
               'case when pg_catalog.isfinite(%1$s) then pg_catalog.rtrim(pg_catalog.to_json('
               'pg_catalog.timezone(''UTC'', %1$s))::pg_catalog.text, '' BC"'') operator(pg_catalog.||) case when '
               '%1$s operator(pg_catalog.<) ''0001-01-01 00:00:00+00''::pg_catalog.timestamptz '
               'then ''+00:00 BC"'' else ''+00:00"'' end else pg_catalog.to_json(%1$s)::pg_catalog.text end'
             when p_family = 'bytea' then 'pg_catalog.encode(%1$s, ''hex'')'
           end,
           p_operand),
         case when p_family in ('uuid', 'bytea') then '"' else '' end;
$$;
