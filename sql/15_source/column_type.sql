-- What a column of a user's table may take part in. Domains are followed to their base type, so that
-- their checks never run with our rights; casts are by qualified names that no temporary type shadows.
-- family: null = no such column; builtin = only its being null may be looked at; refused = not even
-- that. Extension types are base types, which superusers alone create; their operators are in C.
create or replace function jittask.column_type(
  p_table           regclass,
  p_column          text,
  out family        text,
  out type_name     text,
  out base_type     oid,
  out row_cast      text,
  out constant_cast text,
  out collation_id  oid
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In PL/pgSQL the plan is kept: a filter asks for each of its values.
  with recursive layer as (
    select t.oid, t.typname, t.typnamespace, t.typtype, t.typcategory, t.typbasetype, a.attgenerated, a.attcollation,
           format_type(a.atttypid, a.atttypmod) as type_name, t.typtype = 'd' as is_domain
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = p_table and a.attname = p_column and a.attnum > 0 and not a.attisdropped
    union all
    select t.oid, t.typname, t.typnamespace, t.typtype, t.typcategory, t.typbasetype, d.attgenerated, d.attcollation,
           d.type_name, d.is_domain
    from layer d join pg_type t on t.oid = d.typbasetype
    where d.typtype = 'd'
  ),
  base as (
    select b.*, format('%I.%I', n.nspname, b.typname) as base_name,
           b.typnamespace = 'pg_catalog'::regnamespace and b.oid < 16384 as is_builtin,
           (select e.extname
            from pg_depend d join pg_extension e on e.oid = d.refobjid
            where d.classid = 'pg_type'::regclass and d.objid = b.oid
              and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e') as extension
    from layer b join pg_namespace n on n.oid = b.typnamespace where b.typtype <> 'd'
  ),
  known as (
    select b.*,
           case
             when b.attgenerated = 'v' then 'virtual'
             when b.is_builtin then
               case
                 when b.typname in ('int2', 'int4', 'int8') then 'integer'
                 when b.typname in ('float4', 'float8') then 'float'
                 when b.typname in ('text', 'varchar', 'name') then 'text'
                 when b.typname in ('inet', 'cidr') then 'inet'
                 when b.typname in ('bool', 'numeric', 'bpchar', 'uuid', 'date', 'time', 'timestamp',
                                    'timestamptz', 'interval', 'bytea', 'jsonb') then b.typname
                 else 'builtin'
               end
             when b.typtype = 'e' then 'enum'
             when b.typtype = 'b' and b.extension = 'citext' and b.typname = 'citext' then 'citext'
             -- From Postgres 18 on the arrays of an extension's types are members of it as well.
             when b.typtype = 'b' and b.typcategory <> 'A' and b.extension is not null then 'extension'
             else 'refused'
           end as family
    from base b
  )
  select k.family, k.type_name, k.oid,
         case
           when k.typname in ('varchar', 'name') and k.is_builtin then '::pg_catalog.text'
           when k.typname = 'cidr' and k.is_builtin then '::pg_catalog.inet'
           when k.is_domain then '::' || k.base_name
           else ''
         end,
         case k.family
           when 'text' then '::pg_catalog.text'
           when 'inet' then '::pg_catalog.inet'
           when 'enum' then ''
           else '::' || k.base_name
         end,
         k.attcollation
  into family, type_name, base_type, row_cast, constant_cast, collation_id
  from known k;
end;
$$;
