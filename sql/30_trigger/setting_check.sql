-- Before a setting is written: refuses values that those who read it could not work with, and stores
-- zones as they are spelled. A setting is changed, not deleted: everything reads it. No locks.
create or replace function jittask.setting_check()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_length interval;
  v_least interval := case new.name
    when 'poll_interval' then '10 milliseconds'
    when 'lease_duration' then '100 milliseconds'
    else '0'
  end;
  v_most interval := case new.name when 'history_retention' then '1000 years' else '1 day' end;
begin
  if tg_op = 'DELETE' then
    raise exception 'Setting "%" cannot be deleted', old.name
      using errcode = 'JT007', hint = 'Update its value';
  end if;
  if new.name = 'timezone' then
    new.value := jittask.canonical_timezone(new.value);
  elsif new.name in ('history_retention', 'poll_interval', 'lease_duration') then
    begin
      v_length := new.value::interval;
    exception
      when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then v_length := null;
    end;
    if v_length between v_least and v_most is not true then
      raise exception '% is "%"', new.name, left(new.value, 80)
        using errcode = 'JT001', hint = format('Give a length of time from %s to %s', v_least, v_most);
    end if;
  elsif new.name = 'notify' and new.value not in ('on', 'off') then
    raise exception 'notify is "%"', left(new.value, 80) using errcode = 'JT001', hint = 'Give on or off';
  end if;
  return new;
end;
$$;
