-- The ops that a filter may apply to a column of this type; family and type are those of
-- jittask.column_type. like, ilike and starts_with raise for a collation that is not deterministic.
create or replace function jittask.filter_ops(
  p_family       text,
  p_type         oid,
  p_collation_id oid
)
returns text[]
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select array['is_null', 'is_not_null']
         || case
              when p_family = 'builtin'
                   or (p_family in ('citext', 'extension')
                       and jittask.extension_operator(p_type, '=') is null) then '{}'
              when p_family = 'jsonb' then array['=', '!=', 'in', 'not_in']
              else array['=', '!=', 'in', 'not_in', '<', '<=', '>', '>=', 'between']
            end
         || case
              when exists (select from pg_collation c
                           where c.oid = p_collation_id and not c.collisdeterministic) then '{}'
              when p_family in ('text', 'bpchar')
                   or (p_family in ('citext', 'extension')
                       and jittask.extension_operator(p_type, 'like') is not null)
              then array['like', 'ilike', 'starts_with']
              else '{}'
            end;
$$;
