-- One number or name of a cron field; p_item is the list item around it, for the message. Raises JT001 when
-- it cannot be read or is out of range.
create or replace function jittask.cron_value(
  p_field text,
  p_item text,
  p_text text,
  p_low int,
  p_high int,
  p_names text
)
returns int
language plpgsql
immutable
as $$
declare
  v_value int;
begin
  if p_text ~ '^[0-9]{1,6}$' then
    v_value := p_text::int;
  elsif p_text ~ '^[A-Za-z]{3}$' and strpos(p_names, upper(p_text collate "C")) % 3 = 1 then
    -- The names of months begin at 1, those of weekdays at 0: at p_low.
    return strpos(p_names, upper(p_text collate "C")) / 3 + p_low;
  else
    perform jittask.refuse_cron_item(p_field, p_item, p_low, p_high, p_names);
  end if;
  if v_value not between p_low and p_high then
    raise exception using
      errcode = 'JT001',
      message = format('Field cron: the %s field is out of range: "%s"', p_field, p_item),
      hint = format('Use %s to %s', p_low, p_high);
  end if;
  return v_value;
end;
$$;
