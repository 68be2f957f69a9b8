-- Part of a generated trigger function: lists source keys, which p_keys selects, in replan, a thousand an
-- entry. The sweep plans them within seconds, judged as of now.
create or replace function jittask.watch_list_sql(
  p_source_table text,
  p_keys text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
        insert into jittask.replan (source_table, source_keys, reason)
        select %L, pg_catalog.array_agg(b.source_key), 'one of very many rows that one statement wrote'
        from (
          select k.source_key, (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as no
          from (%s) k
        ) b
        group by b.no;
    $sql$,
    p_source_table, p_keys
  );
$$;
