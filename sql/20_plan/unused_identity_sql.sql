-- Text of a condition over an alias with task_id, source_key, due_at: this identity was neither put to
-- work nor called off before. What is due later than p_now (an expression) and than the clock has come to
-- (the statement may have waited for a row since p_now) cannot have run, but may have been called off; that
-- table is nearly always empty, and then one look a statement is all it costs.
create or replace function jittask.unused_identity_sql(
  p_alias text,
  p_now text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    '(
        %1$s.due_at operator(pg_catalog.>) greatest(%2$s, pg_catalog.clock_timestamp())
        or not jittask.was_claimed(%1$s.task_id, %1$s.source_key, %1$s.due_at)
      )
      and case
        when %1$s.due_at operator(pg_catalog.>) %2$s and (select exists (select from jittask.called_off)) then (
          select true from jittask.called_off c
          where c.task_id = %1$s.task_id and c.source_key = %1$s.source_key and c.due_at = %1$s.due_at
        ) is null
        else true
      end',
    p_alias, p_now
  );
$$;
