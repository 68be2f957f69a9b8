-- The newest occurrence of a rule with due at or before p_at; null, null = none. Steps back by
-- growing strides, then halves the stretch in which the newest must lie: some dozens of probes
-- of occurrence_after, however old or dense the series.
create or replace function jittask.latest_occurrence(
  p_rule jittask.rule,
  p_at timestamptz,
  out nominal_at timestamptz,
  out due_at timestamptz
)
language plpgsql
stable
as $$
declare
  v_until timestamptz := least(p_at, p_rule.end_at, '9999-12-30 00:00+00');
  -- Nothing is due after this and up to v_until.
  v_empty_from timestamptz := v_until;
  v_from timestamptz;
  v_stride double precision := 1;
  v_nominal timestamptz;
  v_due timestamptz;
begin
  loop
    v_from := case when to_timestamp(date_part('epoch', v_until) - v_stride) < p_rule.anchor_at - interval '9700:00'
                     or v_until < p_rule.anchor_at - interval '9700:00' then '-infinity'
                   else to_timestamp(date_part('epoch', v_until) - v_stride) end;
    select o.nominal_at, o.due_at into nominal_at, due_at from jittask.occurrence_after(p_rule, v_from) o;
    exit when due_at <= v_until;
    if v_from = '-infinity' then
      nominal_at := null;
      due_at := null;
      return;
    end if;
    v_empty_from := v_from;
    v_stride := v_stride * 16;
  end loop;

  loop
    select o.nominal_at, o.due_at into v_nominal, v_due from jittask.occurrence_after(p_rule, due_at) o;
    exit when v_due is null or v_due > v_until;
    nominal_at := v_nominal;
    due_at := v_due;
    v_from := to_timestamp((date_part('epoch', due_at) + date_part('epoch', v_empty_from)) / 2);
    select o.nominal_at, o.due_at into v_nominal, v_due from jittask.occurrence_after(p_rule, v_from) o;
    if v_due <= v_until then
      nominal_at := v_nominal;
      due_at := v_due;
    else
      v_empty_from := v_from;
    end if;
  end loop;
end;
$$;
