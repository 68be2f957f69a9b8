-- Whether triggers of the user's own may change a row after our transition table has its image: any
-- AFTER trigger that is neither ours nor the database's own, or a foreign key of the table to itself that
-- changes rows.
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
  ) or exists (
    select from pg_constraint f
    where f.conrelid = p_table
      and f.confrelid = p_table
      and (f.confupdtype in ('c', 'n', 'd') or f.confdeltype in ('n', 'd'))
  );
$$;
