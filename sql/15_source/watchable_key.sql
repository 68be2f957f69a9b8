-- Columns of the key by which rows of a table are known, in key order: of the primary key, else of a
-- unique index over not-null columns, the one with the fewest. JT005, with the reason, for a table
-- that cannot be watched: its kind, no such key, or a key column of a type with no canonical text.
create or replace function jittask.watchable_key(
  p_table regclass
)
returns text[]
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reason text;
  v_hint   text;
  v_key    text[];
begin
  select r.reason, r.hint into v_reason, v_hint
  from jittask.table_refusal(p_table) r;
  if v_reason is null then
    select k.key_columns, k.refusal, k.hint into v_key, v_reason, v_hint
    from jittask.table_key(p_table) k
    order by k.preference
    limit 1;
    if not found then
      v_reason := 'it has no primary key and no unique index over not-null columns';
      v_hint := 'Add a primary key';
    end if;
  end if;
  if v_reason is not null then
    raise exception using errcode = 'JT005',
      message = format('Table "%s" cannot be watched: %s', p_table, v_reason), hint = v_hint;
  end if;
  return v_key;
end;
$$;
