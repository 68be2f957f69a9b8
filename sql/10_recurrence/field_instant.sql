-- The instant that a wall-clock value of a source row gives: months, then civil days, of the offset
-- on the wall clock; the time of day replaced by p_at_time; through the zone; then the elapsed
-- part. p_whole_day: the last microsecond of the day instead. Total: null for whatever leaves the
-- years 1 to 9999, so that it never fails a user's write.
create or replace function jittask.field_instant(
  p_local timestamp,
  p_offset interval,
  p_at_time time,
  p_timezone text,
  p_whole_day bool
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_year double precision;
  v_local timestamp;
  v_at timestamptz;
  v_months double precision := extract(year from p_offset) * 12 + extract(month from p_offset);
  v_days double precision := extract(day from p_offset);
  v_elapsed interval := p_offset - make_interval(months => v_months::int, days => v_days::int);
begin
  if p_local >= '0001-01-01' and p_local < '10000-01-01' then
    -- Neither a step nor the sum may leave what the type can hold.
    v_year := date_part('year', p_local) + v_months / 12;
    if v_year between -4000 and 200000 then
      v_year := v_year + v_days / 365.2425;
      if v_year between -4000 and 200000
        and v_year + date_part('epoch', v_elapsed) / 31556952 between -1 and 10001
      then
        v_local := p_local + make_interval(months => v_months::int, days => v_days::int);
        if p_whole_day or p_at_time is not null then
          v_local := date_trunc('day', v_local) + coalesce(p_at_time - time '00:00', interval '1 day');
        end if;
        if v_local >= '0001-01-01' and v_local < '10000-01-02' then
          v_at := jittask.to_instant(v_local, p_timezone) + v_elapsed;
          if p_whole_day then
            v_at := v_at - interval '1 microsecond';
          end if;
          if v_at >= '0001-01-01 00:00+00' and v_at < '10000-01-01 00:00+00' then
            return v_at;
          end if;
        end if;
      end if;
    end if;
  end if;
  return null;
end;
$$;
