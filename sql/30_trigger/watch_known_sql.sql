-- Part of a generated trigger function: sets v_known, whether the given columns still have the types that
-- the function was generated for; null where the statement has no row. A cast of the user's must never run
-- with our rights, and one that came with another type would. Looked at before anything else is done with
-- the rows, whose types no DDL changes while the statement goes on.
create or replace function jittask.watch_known_sql(
  p_watch jittask.watch,
  p_columns text[]
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
    if tg_op operator(pg_catalog.=) 'TRUNCATE' then
      v_known := true;
    elsif tg_op operator(pg_catalog.=) 'DELETE' then
      select %1$s from %2$s limit 1 into v_known;
    else
      select %1$s from %3$s limit 1 into v_known;
    end if;
    $sql$,
    string_agg(
      format('pg_catalog.pg_typeof(r.%I) operator(pg_catalog.=) %L::pg_catalog.regtype', c.key, coalesce(c.value ->> 2, c.value ->> 1)),
      ' and ' order by c.key
    ),
    jittask.watch_relation_sql(p_watch, 'old'),
    jittask.watch_relation_sql(p_watch, 'new')
  )
  from jsonb_each((p_watch).columns) c
  where c.key = any (p_columns);
$$;
