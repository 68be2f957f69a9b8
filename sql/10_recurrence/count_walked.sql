-- Number of occurrences of a rule with due in (p_after, p_until], one by one, up to 1,000,000: for the
-- few days where nothing shorter is exact.
create or replace function jittask.count_walked(
  p_rule jittask.rule,
  p_after timestamptz,
  p_until timestamptz
)
returns bigint
language plpgsql
stable
as $$
declare
  v_count bigint := 0;
  v_due timestamptz := p_after;
begin
  while v_count < 1000000 loop
    select o.due_at into v_due from jittask.occurrence_after(p_rule, v_due) o;
    exit when v_due is null or v_due > p_until;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
