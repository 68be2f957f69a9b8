-- The clock of everything that decides by time: the start of the statement, within a procedure that commits
-- that of the transaction, or the fixed instant that this session alone has set in jittask.fake_now
-- (empty = not set). Stable and inlined, so that "due_at <= jittask.now()" is an index condition.
create or replace function jittask.now()
returns timestamptz
language sql
stable
as $$
  select coalesce(
    nullif(pg_catalog.current_setting('jittask.fake_now', true), '')::timestamptz,
    greatest(pg_catalog.statement_timestamp(), pg_catalog.transaction_timestamp())
  )
$$;
