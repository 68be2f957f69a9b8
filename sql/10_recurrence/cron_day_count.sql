-- Days in [p_from, p_until) on which a compiled cron expression matches, by one bitmap a month; of more
-- than two years in one pass.
create or replace function jittask.cron_day_count(
  p_cron int[],
  p_from date,
  p_until date
)
returns int
language plpgsql
immutable
as $$
declare
  v_count int := 0;
  v_date date := date_trunc('month', p_from::timestamp);
  v_next date;
  v_set bigint;
  v_first int := date_part('dow', v_date);
  v_length int;
begin
  if p_cron[1] & 2 = 2 then
    return p_until - p_from;
  elsif p_until - p_from > 800 then
    return bit_count(jittask.cron_day_bits(p_cron, p_from, p_until - p_from));
  end if;
  while v_date < p_until loop
    v_next := v_date + interval '1 month';
    v_length := v_next - v_date;
    if (p_cron[7] >> date_part('month', v_date)::int) & 1 = 1 then
      v_set := p_cron[v_first * 4 + v_length - 17];
      if v_date < p_from then
        v_set := (v_set >> (p_from - v_date)) << (p_from - v_date);
      end if;
      if v_next > p_until then
        v_set := v_set & ((1::bigint << (p_until - v_date)) - 1);
      end if;
      v_count := v_count + bit_count(v_set::bit(64));
    end if;
    v_first := (v_first + v_length) % 7;
    v_date := v_next;
  end loop;
  return v_count;
end;
$$;
