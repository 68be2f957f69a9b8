-- Whether the login role may act on the occurrences of others: the owner of jittask, superusers,
-- members of jittask_admin and jittask_worker.
create or replace function jittask.may_manage()
returns bool
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select pg_has_role(session_user, current_user, 'member') or exists (
    select from pg_roles r
    where r.rolname in ('jittask_admin', 'jittask_worker')
      and pg_has_role(session_user, r.oid, 'member')
  );
$$;
