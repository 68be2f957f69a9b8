-- Name of the column that a value of a filter stands for, {"field": "paid_at"}; null for a constant.
create or replace function jittask.filter_value_column(
  p_value jsonb
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
           when jsonb_typeof(p_value) = 'object' and jsonb_typeof(p_value -> 'field') = 'string'
                and p_value - 'field' = '{}'
           then p_value ->> 'field'
         end;
$$;
