-- Lets those use the trigger function of a source table who make triggers with it: jittask_admin, and whoever
-- owns the table or a partitioned part of it, because making a partition checks that; and nobody else, so
-- that a role that owned the table once, or defined a task, can be dropped.
-- Caller: prepare_watch, release_strays, which run as the owner of the function.
create or replace function jittask.share_watch(
  p_function_name text,
  p_table regclass
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_statement text;
begin
  for v_statement in
    with shared as (
      select p.oid, p.proacl, p.proowner
      from pg_proc p
      where p.proname = p_function_name and p.pronamespace = 'jittask'::regnamespace
    ), makers as (
      select r.oid from pg_roles r where r.rolname = 'jittask_admin'
      union
      select c.relowner
      from jittask.partition_tree(p_table) t (oid)
      join pg_class c on c.oid = t.oid and (c.oid = p_table or c.relkind = 'p')
    )
    select format('grant execute on function %s to %I', s.oid::regprocedure, pg_get_userbyid(m.oid))
    from shared s
    cross join makers m
    where not has_function_privilege(m.oid, s.oid, 'EXECUTE')
    union all
    select format('revoke execute on function %s from %I', s.oid::regprocedure, pg_get_userbyid(a.grantee))
    from shared s
    cross join aclexplode(s.proacl) a
    where a.grantee not in (select m.oid from makers m union all select s.proowner union all select 0)
  loop
    execute v_statement;
  end loop;
end;
$$;
