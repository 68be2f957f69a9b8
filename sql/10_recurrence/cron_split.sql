-- Fields of a cron expression as they are written: five, or six with seconds first. Knows the @names.
-- Raises JT001 for any other number of fields and for zone prefixes.
create or replace function jittask.cron_split(
  p_expression text
)
returns text[]
language plpgsql
immutable
as $$
declare
  v_fields text[] := array_remove(
    string_to_array(translate(p_expression, E'\t\n\r', '   '), ' '), ''
  );
  v_count int := cardinality(v_fields);
begin
  if v_count = 5 or v_count = 6 then
    if v_fields[1] !~* '^(CRON_)?TZ=' then
      return v_fields;
    end if;
  elsif v_count = 1 and left(v_fields[1], 1) = '@' then
    v_fields := case upper(v_fields[1] collate "C")
      when '@YEARLY' then array['0', '0', '1', '1', '*']
      when '@ANNUALLY' then array['0', '0', '1', '1', '*']
      when '@MONTHLY' then array['0', '0', '1', '*', '*']
      when '@WEEKLY' then array['0', '0', '*', '*', '0']
      when '@DAILY' then array['0', '0', '*', '*', '*']
      when '@MIDNIGHT' then array['0', '0', '*', '*', '*']
      when '@HOURLY' then array['0', '*', '*', '*', '*']
    end;
    if v_fields is not null then
      return v_fields;
    end if;
    raise exception using
      errcode = 'JT001',
      message = format('Field cron has an unknown name: "%s"', p_expression),
      hint = 'Use @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly';
  end if;

  raise exception using
    errcode = 'JT001',
    message = case
      when p_expression is null then 'Field cron is null'
      when v_fields[1] ~* '^(CRON_)?TZ=' then format('Field cron names a zone: "%s"', left(p_expression, 80))
      else format(
        'Field cron has %s %s instead of five or six: "%s"',
        v_count, case v_count when 1 then 'field' else 'fields' end, left(p_expression, 80)
      )
    end,
    hint = case
      when v_fields[1] ~* '^(CRON_)?TZ=' then 'Leave the zone out of the expression and give it as timezone'
      when v_count = 7 then 'Leave out the year: give five fields, or six with seconds first'
      else 'Give minute, hour, day of month, month and day of week, such as "0 9 * * MON-FRI"; seconds may stand before them'
    end;
end;
$$;
