-- The occurrence of a rule with the smallest due strictly after p_after, after moves, merges, drops
-- and bounds; nominal_at is the earliest nominal instant with that due. Null, null: exhausted.
-- p_after may be -infinity: the first occurrence.
create or replace function jittask.occurrence_after(
  p_rule jittask.rule,
  p_after timestamptz,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
as $$
begin
  if p_after >= '9999-12-31 00:00+00' then
    return;
  end if;
  if p_rule.skip_holidays <> 'none' then
    if p_rule.repeat = 'hourly' or p_rule.period < interval '24:00' then
      select d.nominal_at, d.due_at into nominal_at, due_at from jittask.dropped_after(p_rule, p_after) d;
    else
      select m.nominal_at, m.due_at into nominal_at, due_at from jittask.moved_after(p_rule, p_after) m;
    end if;
    return;
  end if;

  due_at := jittask.nominal_after(
    p_rule,
    greatest(p_after, case when p_rule.repeat = 'none' then p_rule.earliest_at
                           else date_trunc('second', p_rule.earliest_at) end - interval '1 microsecond')
  );
  if due_at > p_rule.end_at then
    due_at := null;
  end if;
  nominal_at := due_at;
end;
$$;
