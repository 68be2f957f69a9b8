-- The first instant in (p_after, p_until] at which a zone's clock went forward by 20 hours or more, as
-- where it crossed the date line; null = none. Looks once a year: no zone stayed less on its side.
create or replace function jittask.skipped_day(
  p_after timestamptz,
  p_until timestamptz,
  p_timezone text
)
returns timestamptz
language plpgsql
stable
as $$
declare
  v_until bigint;
  v_at bigint;
  v_offset bigint;
  v_next bigint;
  v_next_offset bigint;
  v_changed_at bigint;
begin
  if p_until <= p_after then
    return null;
  end if;
  v_until := floor(date_part('epoch', p_until));
  v_at := floor(date_part('epoch', p_after));
  v_offset := date_part('epoch', to_timestamp(v_at) at time zone p_timezone)::bigint - v_at;
  while v_at < v_until loop
    v_next := least(v_at + 31536000, v_until);
    v_next_offset := date_part('epoch', to_timestamp(v_next) at time zone p_timezone)::bigint - v_next;
    if v_next_offset - v_offset > 64800 then
      select min(c.changed_at) into v_changed_at
      from jittask.offset_changes(v_at, v_next, p_timezone) c
      where c.offset_after - c.offset_before >= 72000;
      exit when v_changed_at is not null;
    end if;
    v_at := v_next;
    v_offset := v_next_offset;
  end loop;
  return to_timestamp(v_changed_at);
end;
$$;
