-- The statements that give a role the rights on a table that it lacks, for an error; null = none. p_watches:
-- those for making triggers, on each partition too; else those for reading every row, which planning and
-- comparing need. Asks for no right of its own.
create or replace function jittask.missing_grants(
  p_table regclass,
  p_role name,
  p_watches bool
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(s.statement, '; ' order by s.no)
  from pg_class c
  join pg_roles r on r.rolname = p_role
  cross join lateral (
    values
      (
        1, not has_schema_privilege(r.oid, c.relnamespace, 'USAGE'),
        format('grant usage on schema %s to %I', c.relnamespace::regnamespace, p_role)
      ),
      (
        2,
        not has_table_privilege(r.oid, c.oid, 'SELECT') or p_watches and not has_table_privilege(r.oid, c.oid, 'TRIGGER'),
        format('grant select%s on %s to %I', case when p_watches then ', trigger' end, c.oid::regclass, p_role)
      ),
      (
        3, p_watches,
        (
          select format('grant trigger on %s to %I', string_agg(t.oid::regclass::text, ', ' order by t.oid::regclass::text), p_role)
          from jittask.partition_tree(c.oid) t (oid)
          where t.oid <> c.oid and not has_table_privilege(r.oid, t.oid, 'TRIGGER')
          having count(*) > 0
        )
      ),
      (
        4,
        not p_watches
        and c.relrowsecurity
        and not (r.rolsuper or r.rolbypassrls)
        and (c.relforcerowsecurity or not pg_has_role(r.oid, c.relowner, 'USAGE')),
        format('alter role %I bypassrls', p_role)
      )
  ) s (no, is_missing, statement)
  where c.oid = p_table and s.is_missing and s.statement is not null;
$$;
