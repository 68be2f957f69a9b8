-- Where the next p_limit rows of a watched table behind p_after_key (texts of the key columns; null = the
-- beginning) end, in the order of its key: the key of the last of them, null at the end, and how many there
-- are. The text of the key is made for that row alone. Reads only. Callers, which fix DateStyle, TimeZone
-- and bytea_output: backfill_chunk, compare_chunk.
create or replace function jittask.key_chunk(
  p_watch jittask.watch,
  p_after_key text[],
  p_limit int,
  out last_key text[],
  out looked bigint
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_order record;
begin
  select o.* into v_order from jittask.key_order(p_watch, 's', p_after_key, null) o;
  execute format(
    'select %1$s, s.jittask_no
     from (
       select s.*, row_number() over (order by %2$s) as jittask_no from %3$s s where %4$s order by %2$s limit $1
     ) s
     order by s.jittask_no desc
     limit 1',
    v_order.texts, v_order.ordering, p_watch.source_table, v_order.condition
  )
  using p_limit
  into last_key, looked;
  looked := coalesce(looked, 0);
end;
$$;
