-- The instant after which the waiting occurrence of a series is due: its cursor; or, where the first due
-- of a source row was past already when the row was planned and still waits, just before that.
-- p_waiting_at: due_at of what waits, or null. Callers: put_series_sql, wanted_of, compare_chunk.
create or replace function jittask.series_begin(
  p_rule jittask.rule,
  p_cursor_at timestamptz,
  p_waiting_at timestamptz
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_waiting_at <= p_cursor_at
     and p_waiting_at = (select o.due_at from jittask.occurrence_after(p_rule, '-infinity') o) then
    return p_waiting_at - interval '1 microsecond';
  end if;
  return p_cursor_at;
end;
$$;
