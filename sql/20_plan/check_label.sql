-- Refuses a text that is empty or too long for what it is: the title or the dedupe_key of a one-off.
create or replace function jittask.check_label(
  p_field text,
  p_value text
)
returns void
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if btrim(p_value) = '' or length(p_value) > 500 then
    raise exception '% is "%"', p_field, left(p_value, 80)
      using errcode = 'JT001', hint = 'Give 1 to 500 characters, or leave it out';
  end if;
end;
$$;
