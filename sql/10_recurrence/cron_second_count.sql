-- Matches of a compiled cron expression on a matching day before a second of that day.
create or replace function jittask.cron_second_count(
  p_cron int[],
  p_second int
)
returns int
language plpgsql
immutable
as $$
declare
  v_minutes bigint := (p_cron[5]::bigint << 30) | p_cron[4];
  v_seconds bigint := (p_cron[3]::bigint << 30) | p_cron[2];
  v_hour int := p_second / 3600;
  v_minute int := p_second / 60 % 60;
  v_count int;
begin
  v_count := bit_count((p_cron[6] & ((1::bigint << v_hour) - 1))::bit(64)) * bit_count(v_minutes::bit(64));
  if (p_cron[6] >> v_hour) & 1 = 1 then
    v_count := v_count + bit_count((v_minutes & ((1::bigint << v_minute) - 1))::bit(64));
  end if;
  v_count := v_count * bit_count(v_seconds::bit(64));
  if (p_cron[6] >> v_hour) & 1 = 1 and (v_minutes >> v_minute) & 1 = 1 then
    v_count := v_count + bit_count((v_seconds & ((1::bigint << (p_second % 60)) - 1))::bit(64));
  end if;
  return v_count;
end;
$$;
