-- Type of a key column (see jittask.column_type). JT005 where it is gone or no longer of a type that has
-- a canonical text: the table was changed since jittask.watchable_key chose the key.
create or replace function jittask.key_column(
  p_table           regclass,
  p_column          text,
  out family        text,
  out type_name     text,
  out base_type     oid,
  out row_cast      text,
  out constant_cast text
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  select t.family, t.type_name, t.base_type, t.row_cast, t.constant_cast
  into family, type_name, base_type, row_cast, constant_cast
  from jittask.column_type(p_table, p_column) t;
  if family is null or family <> all (jittask.key_families()) then
    raise exception using errcode = 'JT005',
      message = format('Table "%s" cannot be watched: its key column "%s" %s', p_table, p_column,
                       coalesce('is of type "' || type_name || '"', 'is gone')),
      hint = 'Give the table a key again, of columns of integer, text, uuid, date, time, timestamp, boolean, '
             'numeric, bytea or enum types';
  end if;
end;
$$;
