-- Compiles a cron expression of five fields, or six with seconds first, into the form that
-- cron_after searches; raises JT001 naming the cron field, also where it can never match.
-- Elements: 1 flags (1 = wildcard expression, 2 = every day matches); 2-3 seconds, 4-5 minutes, as
-- 30 low and 30 high bits; 6 hours; 7 months, bit 1 = January; 8, 9 first and last second of a
-- matching day; 10 matches in such a day; 11-38 the bitmaps of cron_day_sets.
create or replace function jittask.compile_cron(
  p_expression text
)
returns int[]
language plpgsql
immutable
as $$
declare
  v_fields text[] := jittask.cron_split(p_expression);
  v_seconds bigint := 1;
  v_minutes bigint;
  v_hours bigint;
  v_months bigint;
  v_days int[];
  v_month int := 0;
  v_flags int := 0;
begin
  if cardinality(v_fields) = 6 then
    v_seconds := jittask.cron_field('second', v_fields[1], 0, 59, '');
    v_fields := v_fields[2:6];
  end if;
  v_minutes := jittask.cron_field('minute', v_fields[1], 0, 59, '');
  v_hours := jittask.cron_field('hour', v_fields[2], 0, 23, '');
  v_months := jittask.cron_field('month', v_fields[4], 1, 12, 'JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC');
  v_days := jittask.cron_days(v_fields[3], v_fields[5]);

  if left(v_fields[1], 1) = '*' or left(v_fields[2], 1) = '*' then
    v_flags := 1;
  end if;

  -- Over 400 years each month starts on each weekday, and February is 28 and 29 days long.
  v_month := v_days[4] | v_days[8] | v_days[12] | v_days[16] | v_days[20] | v_days[24] | v_days[28];
  if v_months & 5546 = 0 or v_month = 0 then
    v_month := 0;
    for v_first in 0..6 loop
      if v_months & 5546 <> 0 then
        v_month := v_month | v_days[4 + 4 * v_first];
      end if;
      if v_months & 2640 <> 0 then
        v_month := v_month | v_days[3 + 4 * v_first];
      end if;
      if v_months & 4 <> 0 then
        v_month := v_month | v_days[1 + 4 * v_first] | v_days[2 + 4 * v_first];
      end if;
    end loop;
    if v_month = 0 then
      raise exception using
        errcode = 'JT001',
        message = format('Field cron never matches: "%s"', p_expression),
        hint = 'Choose a day that exists in one of the months; "L" is the last day of any month';
    end if;
  end if;

  if v_months = 8190 and v_fields[3] in ('*', '?') and v_fields[5] in ('*', '?') then
    v_flags := v_flags | 2;
  end if;

  return array[
    v_flags,
    (v_seconds & 1073741823)::int, (v_seconds >> 30)::int,
    (v_minutes & 1073741823)::int, (v_minutes >> 30)::int,
    v_hours::int, v_months::int,
    jittask.low_bit(v_hours) * 3600 + jittask.low_bit(v_minutes) * 60 + jittask.low_bit(v_seconds),
    jittask.high_bit(v_hours) * 3600 + jittask.high_bit(v_minutes) * 60 + jittask.high_bit(v_seconds),
    bit_count(v_hours::bit(64)) * bit_count(v_minutes::bit(64)) * bit_count(v_seconds::bit(64))
  ]::int[] || v_days;
end;
$$;
