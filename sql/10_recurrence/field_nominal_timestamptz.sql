-- Nominal instant of a source row whose date field is a timestamptz: its local form in the zone +
-- offset, the time of day replaced by p_at_time. An offset without months and days leaves the
-- clock out. Total: null for null, infinity and whatever leaves the years 1 to 9999.
create or replace function jittask.field_nominal(
  p_value timestamptz,
  p_offset interval,
  p_at_time time,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_at timestamptz;
begin
  if p_value >= '0001-01-01 00:00+00' and p_value < '10000-01-01 00:00+00' then
    if p_at_time is not null
      or extract(day from p_offset) <> 0 or extract(month from p_offset) <> 0 or extract(year from p_offset) <> 0
    then
      return jittask.field_instant(
        p_value at time zone p_timezone, p_offset, p_at_time, p_timezone, false
      );
    end if;
    if abs(date_part('epoch', p_offset)) < 400000000000 then
      v_at := to_timestamp(date_part('epoch', p_value) + date_part('epoch', p_offset));
      if v_at >= '0001-01-01 00:00+00' and v_at < '10000-01-01 00:00+00' then
        return p_value + p_offset;
      end if;
    end if;
  end if;
  return null;
end;
$$;
