-- Part of a generated trigger function: the last net. Planning is total, so it catches what nobody
-- foresaw: the rows are noted in replan, a warning says so, the user's statement goes on. Where even
-- the keys cannot be had, the whole table is noted. Cancellation is not caught by "others".
create or replace function jittask.watch_net_sql(
  p_source_table text,
  p_key_sql text,
  p_new text,
  p_old text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
exception
  when others then
    declare
      v_reason text := sqlerrm;
    begin
      if tg_op = 'INSERT' then
        insert into jittask.replan (source_table, source_key, reason)
        select %1$L, %2$s, v_reason from %3$s;
      elsif tg_op = 'UPDATE' then
        insert into jittask.replan (source_table, source_key, reason)
        select %1$L, %2$s, v_reason from %3$s
        union
        select %1$L, %2$s, v_reason from %4$s;
      elsif tg_op = 'DELETE' then
        insert into jittask.replan (source_table, source_key, reason)
        select %1$L, %2$s, v_reason from %4$s;
      else
        insert into jittask.replan (source_table, reason) values (%1$L, v_reason);
      end if;
    exception
      when others then
        insert into jittask.replan (source_table, reason) values (%1$L, v_reason);
    end;
    return null;
    $sql$,
    p_source_table,
    p_key_sql,
    regexp_replace(p_new, '^.* join .*$', 'new_row r'),
    p_old
  );
$$;
