-- Part of a generated trigger function: the last net. Planning is total, so it catches what nobody
-- foresaw: the rows are noted in replan, a warning says so, the user's statement goes on. Where even
-- the keys cannot be had, or are of another type now, the whole table is noted. Cancellation is not caught
-- by "others".
create or replace function jittask.watch_net_sql(
  p_watch jittask.watch
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key text := jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r');
  v_keys jittask.watch := p_watch;
  v_note text := format('select %L, %s, v_reason from ', (p_watch).source_table, v_key);
begin
  -- Other columns may be what has another type now.
  v_keys.columns := (
    select coalesce(jsonb_object_agg(c.key, c.value), '{}')
    from jsonb_each((p_watch).columns) c
    where c.key = any ((p_watch).key_columns)
  );
  return format(
    $sql$
        declare
          v_reason pg_catalog.text := sqlerrm;
        begin
          raise warning 'Rows of %% are not planned yet: %%', %1$L, v_reason
            using hint = 'The sweep of a worker will plan them; see jittask.replan';
          if tg_op operator(pg_catalog.=) 'INSERT' then
            insert into jittask.replan (source_table, source_key, reason) %2$s;
          elsif tg_op operator(pg_catalog.=) 'UPDATE' then
            insert into jittask.replan (source_table, source_key, reason) %2$s union %3$s;
          elsif tg_op operator(pg_catalog.=) 'DELETE' then
            insert into jittask.replan (source_table, source_key, reason) %3$s;
          else
            insert into jittask.replan (source_table, reason) values (%1$L, v_reason);
          end if;
        exception
          when others then
            -- The clock may be what failed.
            insert into jittask.replan (source_table, reason, noted_at)
            values (%1$L, v_reason, coalesce(v_now, pg_catalog.statement_timestamp()));
        end;
    $sql$,
    (p_watch).source_table,
    v_note || jittask.watch_relation_sql(v_keys, 'new'),
    v_note || jittask.watch_relation_sql(v_keys, 'old')
  );
end;
$$;
