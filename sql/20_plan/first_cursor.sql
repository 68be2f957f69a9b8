-- Where a series that is planned at p_now begins: the instant after which its next occurrence is
-- due. p_cursor_at: what an earlier plan of the same series has dealt with, or null. The grace is
-- for a single run and for the first due of a row; all else must be due at p_now or later.
create or replace function jittask.first_cursor(
  p_task jittask.task,
  p_rule jittask.rule,
  p_cursor_at timestamptz,
  p_now timestamptz
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_just_before_now timestamptz := p_now - interval '1 microsecond';
  v_first_due_at timestamptz;
begin
  if p_task.repeat = 'none' or (p_task.kind = 'date_field' and p_cursor_at is null) then
    select o.due_at into v_first_due_at
    from jittask.occurrence_after(p_rule, '-infinity') o;
    if v_first_due_at < p_now
       and (p_cursor_at is null or v_first_due_at > p_cursor_at)
       and (v_first_due_at >= p_now - p_task.misfire_grace or p_task.past_due = 'run_now') then
      return v_first_due_at - interval '1 microsecond';
    end if;
  end if;
  return greatest(p_cursor_at, v_just_before_now);
end;
$$;
