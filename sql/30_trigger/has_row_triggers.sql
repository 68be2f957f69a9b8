-- Whether triggers of the user's own may change a row after our transition table has its image: any
-- AFTER trigger that is neither ours nor the database's own.
create or replace function jittask.has_row_triggers(
  p_table oid
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pg_trigger g
    where g.tgrelid = p_table
      and not g.tgisinternal
      and g.tgname not like 'jittask\_watch\_%'
      and g.tgenabled <> 'D'
      and g.tgtype & 66 = 0
  );
$$;
