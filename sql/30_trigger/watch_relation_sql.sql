-- What a generated trigger function reads as "r": the transition table, the one row of a row
-- trigger, or, where row triggers of the user's own may have changed it since, the current row.
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
    when p_which = 'old' or not (p_watch).reads_current then i.image
    else format(
      '(select c.* from %s join %s c on %s) r',
      regexp_replace(i.image, ' r$', ' n'),
      (p_watch).source_table,
      (
        select string_agg(
          format('c.%I operator(pg_catalog.=) n.%I', k.name, k.name), ' and ' order by k.no
        )
        from unnest((p_watch).key_columns) with ordinality k (name, no)
      )
    )
  end
  from (
    select case
      when c.relkind = 'p' then format('(select %s.*) r', p_which)
      else format('%s_row r', p_which)
    end as image
    from pg_class c
    where c.oid = (p_watch).table_oid
  ) i;
$$;
