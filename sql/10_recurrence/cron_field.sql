-- Set of values of one cron field as a bitmap, bit n for value n. Takes lists of numbers, names, ranges
-- and steps; p_names holds three letters per value, from p_low on. Raises JT001
-- naming the field. Callers have handled L, # and ? before.
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
  v_range text;
  v_step int;
  v_from int;
  v_until int;
begin
  if p_text = '*' then
    return (2::bigint << p_high) - (1::bigint << p_low);
  elsif p_text ~ '^[0-9]{1,2}$' and p_text::int between p_low and p_high then
    return 1::bigint << p_text::int;
  end if;

  foreach v_item in array string_to_array(p_text, ',') loop
    v_range := split_part(v_item, '/', 1);
    v_step := 1;
    if v_range <> v_item then
      if v_item !~ '^[^/]*/[0-9]{1,6}$' or split_part(v_item, '/', 2)::int = 0 then
        raise exception using
          errcode = 'JT001',
          message = format('Field cron: the %s field has a step that is not a number from 1: "%s"', p_field, v_item),
          hint = 'Write a step as "*/5", "10/5" or "10-40/5"';
      end if;
      v_step := split_part(v_item, '/', 2)::int;
    end if;

    if v_range = '*' then
      v_from := p_low;
      v_until := p_high;
    elsif strpos(v_range, '-') = 0 then
      v_from := jittask.cron_value(p_field, v_item, v_range, p_low, p_high, p_names);
      v_until := case when v_range = v_item then v_from else p_high end;
    else
      v_from := jittask.cron_value(p_field, v_item, split_part(v_range, '-', 1), p_low, p_high, p_names);
      v_until := jittask.cron_value(
        p_field, v_item, substr(v_range, strpos(v_range, '-') + 1), p_low, p_high, p_names
      );
      if v_until < v_from then
        raise exception using
          errcode = 'JT001',
          message = format('Field cron: the %s field has a reversed range: "%s"', p_field, v_item),
          hint = case
            when p_high = 7 and v_until = 0 then
              format('Sunday at the end of a range is 7: write "%s-7"', split_part(v_range, '-', 1))
            else format('Write two ranges: "%s-%s,%s-%s"', v_from, p_high, p_low, v_until)
          end;
      end if;
    end if;

    if v_step = 1 then
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
