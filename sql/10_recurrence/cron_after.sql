-- First instant strictly after p_after that a compiled cron expression gives in a zone; null when
-- there is none within 41 years. Searches wall-clock times with the offset in force at p_after, and
-- keeps the result unless the offset changes on the way to it: then cron_after_change decides.
create or replace function jittask.cron_after(
  p_cron int[],
  p_after timestamptz,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_after bigint := floor(date_part('epoch', p_after));
  v_offset bigint := date_part('epoch', to_timestamp(v_after) at time zone p_timezone)::bigint - v_after;
  v_at bigint := jittask.cron_wall_after(p_cron, v_after + v_offset + 1) - v_offset;
begin
  -- No change within the day before the result: it is neither in a gap nor a second pass. A wildcard
  -- expression could also match in a second pass that follows p_after.
  if date_part('epoch', to_timestamp(v_at) at time zone p_timezone) = v_at + v_offset
    and date_part('epoch', to_timestamp(v_at - 86400) at time zone p_timezone) = v_at - 86400 + v_offset
    and (p_cron[1] & 1 = 0
         or v_at <= v_after + 86400
         or date_part('epoch', to_timestamp(v_after + 86400) at time zone p_timezone)
            = v_after + 86400 + v_offset)
  then
    return to_timestamp(v_at);
  end if;
  return jittask.cron_after_change(p_cron, p_after, p_timezone);
end;
$$;
