-- Reads the two day fields of a cron expression, L, LW, nL, Ln, n#k and ? included, and returns the
-- days they select together as the bitmaps of cron_day_sets. Raises JT001.
create or replace function jittask.cron_days(
  p_day text,
  p_weekday text
)
returns int[]
language plpgsql
immutable
as $$
declare
  c_names constant text := 'SUNMONTUEWEDTHUFRISAT';
  -- All days of months of 28 to 31 days, for each weekday of the 1st.
  c_month constant int[] := array[268435455, 536870911, 1073741823, 2147483647];
  v_days bigint := 0;
  v_weekdays bigint := 0;
  v_last_weekdays int := 0;
  v_nth_weekdays bigint := 0;
  v_last_day bool := false;
  v_last_workday bool := false;
  v_kept text[] := array[]::text[];
  v_item text;
  v_name text;
  v_number int;
begin
  if p_day in ('*', '?') and p_weekday in ('*', '?') then
    return c_month || c_month || c_month || c_month || c_month || c_month || c_month;
  end if;

  if p_day ~ '[Ll]' then
    foreach v_item in array string_to_array(p_day, ',') loop
      if v_item in ('L', 'l') then
        v_last_day := true;
      elsif v_item ~ '^[Ll][Ww]$' then
        v_last_workday := true;
      else
        v_kept := v_kept || v_item;
      end if;
    end loop;
    if v_kept <> '{}' then
      v_days := jittask.cron_field('day of month', array_to_string(v_kept, ','), 1, 31, '');
    end if;
  else
    v_days := jittask.cron_field(
      'day of month', case p_day when '?' then '*' else p_day end, 1, 31, ''
    );
  end if;

  if p_weekday ~ '[Ll#]' then
    v_kept := array[]::text[];
    foreach v_item in array string_to_array(p_weekday, ',') loop
      v_name := upper(regexp_replace(v_item, '^[Ll]|[Ll]$|#[1-5]$', '') collate "C");
      v_number := case
        when length(v_name) = length(v_item) then null
        when v_name ~ '^[0-7]$' then v_name::int % 7
        when v_name ~ '^[A-Z]{3}$' and strpos(c_names, v_name) % 3 = 1 then strpos(c_names, v_name) / 3
      end;
      if v_number is null then
        v_kept := v_kept || v_item;
      elsif strpos(v_item, '#') > 0 then
        v_nth_weekdays := v_nth_weekdays
          | (1::bigint << (v_number + 7 * (right(v_item, 1)::int - 1)));
      else
        v_last_weekdays := v_last_weekdays | (1 << v_number);
      end if;
    end loop;
    if v_kept <> '{}' then
      v_weekdays := jittask.cron_field('day of week', array_to_string(v_kept, ','), 0, 7, c_names);
    end if;
  else
    v_weekdays := jittask.cron_field(
      'day of week', case p_weekday when '?' then '*' else p_weekday end, 0, 7, c_names
    );
  end if;

  return jittask.cron_day_sets(
    v_days >> 1, v_last_day, v_last_workday,
    ((v_weekdays | (v_weekdays >> 7)) & 127)::int, v_last_weekdays, v_nth_weekdays,
    p_day ~ '^([*]|[?]$)' or p_weekday ~ '^([*]|[?]$)'
  );
end;
$$;
