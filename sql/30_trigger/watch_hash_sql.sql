-- Expression over the row alias r: 64 bits that depend on the values of the given columns and on
-- which value stands with which. Rows of a statement differ in their key, so the exclusive or of
-- these over all rows, equal before and after, says that nothing relevant has changed; that is
-- several times cheaper than comparing the rows. Two values that their type calls equal may count as equal.
create or replace function jittask.watch_hash_sql(
  p_table regclass,
  p_columns text[]
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hash text;
  v_column record;
begin
  for v_column in
    select t.family, format('r.%I%s', c.name, t.row_cast) as operand
    from unnest(p_columns) with ordinality c (name, no)
    cross join lateral jittask.column_type(p_table, c.name) t
    order by c.no
  loop
    v_column.operand := format(
      'coalesce(%s, 1)',
      case
        when v_column.family = 'integer' then format('pg_catalog.hashint8extended(%s::pg_catalog.int8, 0)', v_column.operand)
        when v_column.family = 'bool' then format('pg_catalog.hashint4extended(%s::pg_catalog.int4, 0)', v_column.operand)
        when v_column.family = 'text' then format('pg_catalog.hashtextextended(%s::pg_catalog.text collate "C", 0)', v_column.operand)
        when v_column.family = 'uuid' then format('pg_catalog.uuid_hash_extended(%s, 0)', v_column.operand)
        when v_column.family = 'timestamp' then format('pg_catalog.timestamp_hash_extended(%s, 0)', v_column.operand)
        -- In UTC, by a function without a look at the zones.
        when v_column.family = 'timestamptz' then format(
          'pg_catalog.timestamp_hash_extended(pg_catalog.timezone(''0''::pg_catalog.interval, %s), 0)', v_column.operand
        )
        when v_column.family in ('date', 'numeric', 'bpchar', 'float', 'time', 'interval', 'bytea', 'inet', 'jsonb', 'enum', 'citext')
          then format('pg_catalog.hash_record_extended(row(%s), 0)', v_column.operand)
        when v_column.family = 'extension'
          then format('pg_catalog.hashtextextended(pg_catalog.format(''%%s'', %s), 0)', v_column.operand)
        else format('(%s is null)::pg_catalog.int4::pg_catalog.int8', v_column.operand)
      end
    );
    v_hash := case
      when v_hash is null then v_column.operand
      else format('pg_catalog.hashint8extended(%s, %s)', v_column.operand, v_hash)
    end;
  end loop;
  return v_hash;
end;
$$;
