-- Set of values of one cron field as a bitmap, bit n for value n. Takes lists, ranges, steps and the
-- field's names in upper case; p_names holds three letters per value, from p_low for months (1) and
-- weekdays (0) alike. Raises JT001 naming the field. Callers have handled L, # and ? before.
create or replace function jittask.cron_field(
  p_field text,
  p_text text,
  p_low int,
  p_high int,
  p_names text
)
returns bigint
language plpgsql
immutable
as $$
declare
  v_set bigint := 0;
  v_item text;
  v_part text;
  v_value int;
  v_from int;
  v_until int;
  v_step int;
begin
  if p_text = '*' then
    return (2::bigint << p_high) - (1::bigint << p_low);
  elsif p_text ~ '^[0-9]{1,2}$' and p_text::int between p_low and p_high then
    return 1::bigint << p_text::int;
  end if;

  foreach v_item in array string_to_array(p_text, ',') loop
    v_step := 0;
    v_from := null;
    v_until := null;
    v_part := v_item;

    if strpos(v_item, '/') > 0 then
      v_part := split_part(v_item, '/', 2);
      if v_part !~ '^[0-9]{1,6}$' or v_item ~ '/.*/' then
        raise exception using
          errcode = 'JT001',
          message = format('Field cron: the %s field has a step that is not a number: "%s"', p_field, v_item),
          hint = 'Write a step as "*/5", "10/5" or "10-40/5"';
      end if;
      v_step := v_part::int;
      if v_step = 0 then
        raise exception using
          errcode = 'JT001',
          message = format('Field cron: the %s field has a step of zero: "%s"', p_field, v_item),
          hint = 'Give a step of 1 or more';
      end if;
      v_part := split_part(v_item, '/', 1);
    end if;

    if v_part = '*' then
      v_from := p_low;
      v_until := p_high;
    else
      foreach v_part in array string_to_array(v_part, '-') loop
        if v_part ~ '^[0-9]{1,6}$' then
          v_value := v_part::int;
        elsif v_part ~ '^[A-Z]{3}$' and strpos(p_names, v_part) % 3 = 1 then
          v_value := strpos(p_names, v_part) / 3 + case p_low when 1 then 1 else 0 end;
        else
          perform jittask.refuse_cron_item(p_field, v_item, p_low, p_high, p_names);
        end if;
        if v_value not between p_low and p_high then
          raise exception using
            errcode = 'JT001',
            message = format('Field cron: the %s field is out of range: "%s"', p_field, v_item),
            hint = format('Use %s to %s', p_low, p_high);
        end if;
        if v_from is null then
          v_from := v_value;
        elsif v_until is null then
          v_until := v_value;
        else
          perform jittask.refuse_cron_item(p_field, v_item, p_low, p_high, p_names);
        end if;
      end loop;
      if v_from is null then
        perform jittask.refuse_cron_item(p_field, v_item, p_low, p_high, p_names);
      end if;
      if v_until is null then
        v_until := case when v_step = 0 then v_from else p_high end;
      elsif v_until < v_from then
        raise exception using
          errcode = 'JT001',
          message = format('Field cron: the %s field has a reversed range: "%s"', p_field, v_item),
          hint = case
            when p_high = 7 and v_until = 0 then
              format('Sunday at the end of a range is 7: write "%s-7"', split_part(v_item, '-', 1))
            else format('Write two ranges: "%s-%s,%s-%s"', v_from, p_high, p_low, v_until)
          end;
      end if;
    end if;

    if v_step <= 1 then
      v_set := v_set | ((2::bigint << v_until) - (1::bigint << v_from));
    else
      for v_value in v_from..v_until by v_step loop
        v_set := v_set | (1::bigint << v_value);
      end loop;
    end if;
  end loop;

  return v_set;
end;
$$;
