-- The operator of an extension type, written out with its schema, or null where the type has none.
-- Comparisons come from the type's default B-tree operator class, which superusers alone create; like
-- and ilike from the same extension, in C. A user's own operator of the same name is never taken.
create or replace function jittask.extension_operator(
  p_type oid,
  p_op   text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with compared as (
    select case when p_op = '!=' then o.oprnegate else o.oid end as oid
    from pg_opclass c
    join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
    join pg_amop s on s.amopfamily = c.opcfamily and s.amoplefttype = p_type and s.amoprighttype = p_type
    join pg_operator o on o.oid = s.amopopr
    where c.opcintype = p_type and c.opcdefault
      and s.amopstrategy = case p_op
                             when '<' then 1 when '<=' then 2 when '=' then 3 when '!=' then 3
                             when '>=' then 4 when '>' then 5
                           end
    union all
    select o.oid
    from pg_operator o
    join pg_depend d on d.classid = 'pg_operator'::regclass and d.objid = o.oid
      and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
    join pg_depend t on t.classid = 'pg_type'::regclass and t.objid = p_type
      and t.refclassid = 'pg_extension'::regclass and t.deptype = 'e' and t.refobjid = d.refobjid
    where o.oprleft = p_type and o.oprright = p_type
      and o.oprname = case p_op when 'like' then '~~' when 'ilike' then '~~*' end
  )
  select format('operator(%I.%s)', n.nspname, o.oprname)
  from compared c
  join pg_operator o on o.oid = c.oid
  join pg_namespace n on n.oid = o.oprnamespace
  join pg_proc f on f.oid = o.oprcode
  join pg_language l on l.oid = f.prolang and l.lanname in ('internal', 'c')
  where o.oprresult = 'bool'::regtype;
$$;
