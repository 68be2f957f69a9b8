-- What rehearsed_occurrences gives, counted: how many run, how many do not, when the first and the last are
-- claimed. Of a dense rule the first thousand are walked, and the rest is reckoned. Caller: rehearse_tasks.
create or replace function jittask.rehearsed_total(
  p_row jittask.due_queue,
  p_task jittask.task,
  p_plan jittask.plan,
  p_from_at timestamptz,
  p_to_at timestamptz,
  p_start_at timestamptz,
  out runs bigint,
  out skipped bigint,
  out missed bigint,
  out first_at timestamptz,
  out last_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_until timestamptz := p_to_at - interval '1 microsecond';
  v_rule jittask.rule;
  v_due_at timestamptz;
  v_runs bigint;
  v_rest bigint;
begin
  select count(*) filter (where o.skipped is null), count(o.skipped), coalesce(sum(o.missed), 0), min(o.run_at),
    max(o.run_at), max(o.due_at), max(o.runs)
  into runs, skipped, missed, first_at, last_at, v_due_at, v_runs
  from jittask.rehearsed_occurrences(p_row, p_task, p_plan, p_from_at, p_to_at, p_start_at, 1000) o;
  if runs + skipped < 1000 then
    return;
  end if;
  v_rule := jittask.row_rule(p_task, p_plan, p_row.source_key);
  v_rest := jittask.count_occurrences(v_rule, v_due_at, v_until);
  if v_runs + v_rest > p_task.max_runs then
    select greatest(last_at, o.due_at) into last_at
    from jittask.nth_newest_occurrence(v_rule, v_due_at, v_until, (v_runs + v_rest - p_task.max_runs + 1)::int) o;
    v_rest := p_task.max_runs - v_runs;
  elsif v_rest > 0 then
    select greatest(last_at, o.due_at) into last_at from jittask.latest_occurrence(v_rule, v_until) o;
  end if;
  runs := runs + v_rest;
end;
$$;
