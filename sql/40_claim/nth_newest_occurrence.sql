-- The p_count-th newest occurrence due in (p_after, p_until], or null when there are fewer. Walks at
-- most p_count occurrences: bisects for an instant that leaves few enough behind it, then steps.
create or replace function jittask.nth_newest_occurrence(
  p_rule jittask.rule,
  p_after timestamptz,
  p_until timestamptz,
  p_count int,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_low timestamptz := p_after;
  v_high timestamptz := p_until;
  v_middle timestamptz;
  v_count bigint := jittask.count_occurrences(p_rule, p_after, p_until);
begin
  if v_count < p_count then
    return;
  elsif v_count = p_count then
    v_high := p_after;
  end if;
  -- Behind v_low there are more than p_count, behind v_high at most p_count.
  while v_high - v_low > interval '1 second' loop
    v_middle := v_low + (v_high - v_low) / 2;
    if jittask.count_occurrences(p_rule, v_middle, p_until) > p_count then
      v_low := v_middle;
    else
      v_high := v_middle;
    end if;
  end loop;
  select o.nominal_at, o.due_at into nominal_at, due_at
  from jittask.occurrence_after(p_rule, v_high) o;
end;
$$;
