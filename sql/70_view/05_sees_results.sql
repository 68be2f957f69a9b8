-- Whether the current role may see results and errors, which can hold what a function was given:
-- the owner, and members of jittask_admin, jittask_worker or jittask_client; viewers may not.
create or replace function jittask.sees_results()
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select has_schema_privilege('jittask', 'CREATE') or exists (
    select from pg_roles r
    where r.rolname in ('jittask_admin', 'jittask_worker', 'jittask_client')
      and pg_has_role(r.oid, 'member')
  );
$$;
