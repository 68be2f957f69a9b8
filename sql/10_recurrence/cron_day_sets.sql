-- Days of the month that match, as 28 bitmaps (bit 0 = the 1st): one for each weekday of the 1st
-- (0 = Sunday) and length of the month (28 to 31), at 1 + 4 * weekday + length - 28. So the last
-- days, the n-th weekdays and the joining of the two fields (p_both: and, else or) cost nothing at
-- search time. p_nth_weekdays holds seven bits for each week of the month.
create or replace function jittask.cron_day_sets(
  p_days bigint,
  p_last_day bool,
  p_last_workday bool,
  p_weekdays int,
  p_last_weekdays int,
  p_nth_weekdays bigint,
  p_both bool
)
returns int[]
language plpgsql
immutable
as $$
declare
  -- A bit for every seventh day.
  c_weekly constant bigint := 270549121;
  v_sets int[] := array[]::int[];
  v_set bigint;
  v_weekly bigint;
  v_days bigint;
  v_week int;
  v_short int;
begin
  for v_first in 0..6 loop
    v_weekly := (((p_weekdays >> v_first) | (p_weekdays << (7 - v_first))) & 127) * c_weekly;
    if p_nth_weekdays <> 0 then
      for v_k in 0..4 loop
        v_week := (p_nth_weekdays >> (7 * v_k)) & 127;
        v_week := ((v_week >> v_first) | (v_week << (7 - v_first))) & 127;
        v_weekly := v_weekly | (v_week::bigint << (7 * v_k));
      end loop;
    end if;

    if not p_last_day and not p_last_workday and p_last_weekdays = 0 then
      v_set := case when p_both then p_days & v_weekly else p_days | v_weekly end;
      v_sets := v_sets || array[
        (v_set & 268435455)::int, (v_set & 536870911)::int,
        (v_set & 1073741823)::int, (v_set & 2147483647)::int
      ];
      continue;
    end if;

    for v_length in 28..31 loop
      v_week := ((p_last_weekdays >> v_first) | (p_last_weekdays << (7 - v_first))) & 127;
      v_set := v_weekly | ((v_week * c_weekly) & (127::bigint << (v_length - 7)));
      v_days := p_days;
      if p_last_day then
        v_days := v_days | (1::bigint << (v_length - 1));
      end if;
      if p_last_workday then
        v_short := case (v_first + v_length - 1) % 7 when 0 then 2 when 6 then 1 else 0 end;
        v_days := v_days | (1::bigint << (v_length - 1 - v_short));
      end if;
      v_set := case when p_both then v_days & v_set else v_days | v_set end;
      v_sets := v_sets || (v_set & ((1::bigint << v_length) - 1))::int;
    end loop;
  end loop;
  return v_sets;
end;
$$;
