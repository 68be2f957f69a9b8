-- The two sides of a comparison with another column, and the family to compare them in. JT001 where the
-- types are not comparable. Two different collations would leave none to compare by, which raises for
-- every row: then the field's own rules.
create or replace function jittask.filter_other_column(
  p_table         regclass,
  p_field         text,
  p_other         text,
  p_timezone      text,
  p_alias         text,
  out left_side   text,
  out right_side  text,
  out family      text
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_column record;
  v_other  record;
  v_pair   record;
begin
  select t.* into v_column
  from jittask.filter_column(p_table, p_field) t;
  select t.* into v_other
  from jittask.filter_column(p_table, p_other) t;
  select p.* into v_pair
  from jittask.column_pair(v_column.family, v_column.base_type, v_other.family, v_other.base_type, p_timezone) p;
  if v_pair.family is null then
    raise exception using errcode = 'JT001',
      message = format('Filter field "%s" of type "%s" cannot be compared with column "%s" of type "%s"', p_field,
                       v_column.type_name, p_other, v_other.type_name),
      hint = 'Compare columns of the same type, two numbers, or two of date, timestamp and timestamptz';
  end if;
  family := v_pair.family;
  left_side := format(v_pair.form, format('%I.%I%s', p_alias, p_field, v_column.row_cast));
  right_side := format(v_pair.other_form, format('%I.%I%s', p_alias, p_other, v_other.row_cast));
  if v_column.collation_id <> v_other.collation_id and v_column.collation_id <> 0 then
    right_side := (select format('(%s collate %I.%I)', right_side, n.nspname, c.collname)
                   from pg_collation c
                   join pg_namespace n on n.oid = c.collnamespace
                   where c.oid = v_column.collation_id);
  end if;
end;
$$;
