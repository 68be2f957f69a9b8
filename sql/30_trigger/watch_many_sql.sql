-- Part of a generated trigger function: where a statement wrote very many rows (v_count, and the rows of
-- p_rows, a relation "r"), it lists the source keys that p_keys selects for the sweep, and plans at once only
-- those rows that, by one of p_images (such relations), were or are now due within ten minutes for some task
-- without repeat (p_single). Whatever else comes due before the sweep has got to its row is refused by the
-- worker, which reads the row again. Else it does p_few. p_key: the source key of "r".
create or replace function jittask.watch_many_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_rows text,
  p_images text[],
  p_key text,
  p_keys text,
  p_few text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_near text;
  v_put text := '';
begin
  if p_single <> '{}' then
    select string_agg(
      format(
        'select w.source_key from (%s) w
        where w.due_at operator(pg_catalog.>) (v_now operator(pg_catalog.-) ''10 minutes''::pg_catalog.interval)
          and w.due_at operator(pg_catalog.<=) (v_now operator(pg_catalog.+) ''10 minutes''::pg_catalog.interval)',
        jittask.wanted_sql(p_single, i.image, p_key, 'v_now')
      ),
      ' union all '
    ) into v_near
    from unnest(p_images) i (image);
    v_put := jittask.put_wanted_sql(
      jittask.wanted_sql(p_single, format('(select r.* from %s where %s in (%s)) r', p_rows, p_key, v_near), p_key, 'v_now'),
      'v_now', true, true
    ) || ' into v_first_at;';
  end if;
  return format(
    $sql$
    if v_count operator(pg_catalog.>) 50000 then
      select pg_catalog.count(*) into v_count from %s;
    end if;
    if v_count operator(pg_catalog.>) 50000 then
      %s
      %s
    else
      %s
    end if;
    $sql$,
    p_rows, jittask.watch_list_sql((p_watch).source_table, p_keys), v_put, p_few
  );
end;
$$;
