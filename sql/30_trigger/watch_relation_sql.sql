-- What a generated trigger function reads as "r": the columns that tasks rely on (watch_columns_sql). p_which:
-- new or old, the image of the rows: a transition table, or the one row of a row trigger; current or kept: the
-- row of the table itself that now bears the key of the new or of the old image, once, for tables whose own
-- triggers may have changed it since.
create or replace function jittask.watch_relation_sql(
  p_watch jittask.watch,
  p_which text
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_which in ('new', 'old') then i.image || ' r'
    -- A lateral subquery: one index descent a row, whatever the sizes were when the plan was made.
    else format(
      '(select %s from (select distinct %s from %s n) n cross join lateral (select c.* from %s c where %s offset 0) c) r',
      jittask.watch_columns_sql(p_watch, 'c'),
      (select string_agg(format('n.%I', k), ', ') from unnest((p_watch).key_columns) k),
      i.image, (p_watch).source_table,
      (
        select string_agg(
          jittask.comparison_sql(
            format('c.%I%s', k.name, t.row_cast), '=', format('n.%I%s', k.name, t.row_cast), t.family, t.base_type
          ),
          ' and ' order by k.no
        )
        from unnest((p_watch).key_columns) with ordinality k (name, no)
        cross join lateral jittask.key_column((p_watch).table_oid::regclass, k.name) t
      )
    )
  end
  from (
    select format(
      case when jittask.fires_per_row(p_watch) then '(select %1$s from (select %2$s.*) i)' else '(select %1$s from %2$s_row i)' end,
      jittask.watch_columns_sql(p_watch, 'i'), case when p_which in ('new', 'current') then 'new' else 'old' end
    ) as image
  ) i;
$$;
