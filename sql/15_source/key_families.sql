-- Families of types (see jittask.column_type) that a key column may be of: those whose equal values
-- have one canonical text.
create or replace function jittask.key_families()
returns text[]
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select array['integer', 'numeric', 'bool', 'uuid', 'text', 'bpchar', 'citext', 'enum', 'date', 'time',
               'timestamp', 'timestamptz', 'bytea'];
$$;
