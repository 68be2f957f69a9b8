-- Whether the keys that were noted of the rows of a table are still theirs now that its columns are p_new
-- instead of p_old (see jittask.source_columns): a key column of another type has other texts, or texts that
-- cannot be read as it, unless both are integers or both are text. Caller: check_watch.
create or replace function jittask.keys_stand(
  p_key_columns text[],
  p_old jsonb,
  p_new jsonb
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    bool_and(
      k.types[1] = k.types[2]
      or k.types <@ '{smallint, integer, bigint}'
      or k.types <@ '{text, character varying}'
    ),
    true
  )
  from unnest(p_key_columns) c (name)
  cross join lateral (
    select array_agg(regexp_replace(s.columns -> c.name ->> 1, '[(].*', '') order by s.no) as types
    from (values (1, p_old), (2, p_new)) s (no, columns)
    where s.columns ? c.name
  ) k;
$$;
