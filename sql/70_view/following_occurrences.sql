-- A planned occurrence and those that will follow it, at most p_count. What is left of max_runs comes
-- from the stored count; occurrence_no from the rule.
create or replace function jittask.following_occurrences(
  p_task jittask.task,
  p_source_key text,
  p_nominal_at timestamptz,
  p_due_at timestamptz,
  p_count int
)
returns table (occurrence_no int, nominal_at timestamptz, due_at timestamptz)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_rule jittask.rule;
  v_left bigint := p_count;
  v_passed_at timestamptz;
begin
  if p_task.repeat = 'none' then
    return query select 1, p_nominal_at, p_due_at;
    return;
  end if;
  v_rule := (
    select jittask.row_rule(p_task, p, p_source_key)
    from jittask.plan p
    where p.task_id = p_task.task_id
  );
  select least(p_count, p_task.max_runs - s.runs), s.cursor_at into v_left, v_passed_at
  from jittask.series s
  where s.task_id = p_task.task_id and s.source_key = p_source_key;
  occurrence_no := jittask.count_occurrences(v_rule, '-infinity', p_due_at);
  nominal_at := p_nominal_at;
  due_at := p_due_at;
  while v_left > 0 and due_at is not null loop
    return next;
    v_left := v_left - 1;
    if due_at < v_passed_at then
      -- The first due of a row, past when the row was planned: the series goes on from there.
      occurrence_no := jittask.count_occurrences(v_rule, '-infinity', v_passed_at);
      due_at := v_passed_at;
    end if;
    occurrence_no := occurrence_no + 1;
    select o.nominal_at, o.due_at into nominal_at, due_at
    from jittask.occurrence_after(v_rule, due_at) o;
  end loop;
end;
$$;
