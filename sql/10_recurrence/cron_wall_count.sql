-- Matches of a compiled cron expression in [p_from, p_until), wall-clock seconds since 1970. By counting
-- days and bits: the cost grows with the months between, not with the matches.
create or replace function jittask.cron_wall_count(
  p_cron int[],
  p_from bigint,
  p_until bigint
)
returns bigint
language plpgsql
immutable
as $$
declare
  v_from date := date '1970-01-01' + ((p_from + 62135596800) / 86400 - 719162)::int;
  v_until date := date '1970-01-01' + ((p_until + 62135596800) / 86400 - 719162)::int;
  v_count bigint;
begin
  if p_until <= p_from then
    return 0;
  end if;
  v_count := jittask.cron_day_count(p_cron, v_from, v_until)::bigint * p_cron[10];
  if jittask.cron_day_count(p_cron, v_from, v_from + 1) = 1 then
    v_count := v_count - jittask.cron_second_count(p_cron, ((p_from + 62135596800) % 86400)::int);
  end if;
  if jittask.cron_day_count(p_cron, v_until, v_until + 1) = 1 then
    v_count := v_count + jittask.cron_second_count(p_cron, ((p_until + 62135596800) % 86400)::int);
  end if;
  return v_count;
end;
$$;
