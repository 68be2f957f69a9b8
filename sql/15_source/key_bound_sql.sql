-- Condition over the row alias p_alias: its key stands p_op (> or <=) the key p_bound, texts of the
-- columns; null where that is null. p_operator: format of the operator for a row comparison; null = the
-- columns are compared one by one. Constants are literals: a text that is cast may meet a cast of the
-- user's. Caller: jittask.key_order.
create or replace function jittask.key_bound_sql(
  p_watch jittask.watch,
  p_alias text,
  p_operator text,
  p_op text,
  p_bound text[]
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  with part as (
    select c.no, t.family, t.base_type, cardinality((p_watch).key_columns) as columns,
      format('%I.%I%s', p_alias, c.name, t.row_cast) as operand,
      quote_literal(p_bound[c.no])
        || case when t.family = 'enum' then '::' || t.type_name else t.constant_cast end as value
    from unnest((p_watch).key_columns) with ordinality c (name, no)
    cross join lateral jittask.key_column((p_watch).table_oid::regclass, c.name) t
    where p_bound is not null
  )
  select case
    when p_operator is not null then format(
      '(%s) %s (%s)', string_agg(p.operand, ', ' order by p.no), format(p_operator, p_op),
      string_agg(p.value, ', ' order by p.no)
    )
    else format(
      '(%s)',
      string_agg(
        concat_ws(
          ' and ',
          (
            select string_agg(
              jittask.comparison_sql(b.operand, '=', b.value, b.family, b.base_type), ' and ' order by b.no
            )
            from part b
            where b.no < p.no
          ),
          jittask.comparison_sql(
            p.operand, case when p.no = p.columns then p_op else left(p_op, 1) end, p.value, p.family, p.base_type
          )
        ),
        ' or ' order by p.no
      )
    )
  end
  from part p
  having count(*) > 0;
$$;
