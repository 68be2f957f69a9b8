-- The working days to which the given days move, forward or backward to the nearest one within 400 days;
-- a bit each, p_working over the same days. All days move at once, a day at a time, so that the cost
-- follows the longest run of free days and hardly the number of days.
create or replace function jittask.moved_bits(
  p_days varbit,
  p_working varbit,
  p_holiday_policy text
)
returns varbit
language plpgsql
immutable
as $$
declare
  v_step int := case p_holiday_policy when 'previous_workday' then -1 else 1 end;
  v_free varbit := ~p_working;
  v_moving varbit := p_days;
  v_reached varbit := p_days & ~p_days;
begin
  for v_n in 1..400 loop
    exit when bit_count(v_moving) = 0;
    v_moving := v_moving >> v_step;
    v_reached := v_reached | (v_moving & p_working);
    v_moving := v_moving & v_free;
  end loop;
  return v_reached;
end;
$$;
