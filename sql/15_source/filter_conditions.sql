-- The conditions of a filter in full form (jittask.filter_form), each with the columns it names.
create or replace function jittask.filter_conditions(
  p_form jsonb
)
returns table (condition jsonb, columns text[])
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select p_form as form
    union all
    select part.value
    from node n
    cross join lateral jsonb_array_elements(
      coalesce(n.form -> 'and', n.form -> 'or', jsonb_build_array(n.form -> 'not'))
    ) part
    where not n.form ? 'field'
  )
  select n.form,
         array(
           select n.form ->> 'field'
           union all
           select jittask.filter_value_column(v.value)
           from jsonb_array_elements(
             case
               when n.form ->> 'op' in ('in', 'not_in', 'between') then n.form -> 'value'
               else jsonb_build_array(n.form -> 'value')
             end
           ) v
           where jittask.filter_value_column(v.value) is not null
         )
  from node n
  where n.form ? 'field';
$$;
