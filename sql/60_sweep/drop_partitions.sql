-- Drops history partitions older than the setting history_retention, and old tries. With a tiny
-- lock_timeout: a partition in use is left for the next sweep, so that no claim waits for it.
-- By the wall clock: a rehearsed one must not prune, and what was rehearsed stays.
create or replace function jittask.drop_partitions()
returns int
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
  v_keep_from timestamptz;
  v_name text;
  v_count int := 0;
begin
  select statement_timestamp() - s.value::interval into v_keep_from
  from jittask.setting s
  where s.name = 'history_retention';
  -- Before the partitions: their drop locks history until the end of the transaction.
  delete from jittask.run_attempt a where a.finished_at < v_keep_from;
  -- Days that had to stay in the default partition.
  begin
    if coalesce(current_setting('jittask.fake_now', true), '') = ''
       and pg_relation_size('jittask.run_history_default') > 0 then
      delete from jittask.run_history_default d
      where d.ctid = any (array(
        select o.ctid
        from jittask.run_history_default o
        where o.finished_at < v_keep_from
          and o.finished_at >= (select min(m.applied_at) from jittask.migration m)
        limit 10000
      ));
    end if;
  exception
    when lock_not_available then null;
  end;
  for v_name in
    select c.relname
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'jittask.run_history'::regclass
      and c.relname ~ '^run_history_\d{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= (v_keep_from at time zone 'UTC')::date
    order by c.relname
  loop
    begin
      execute format('drop table jittask.%I', v_name);
      v_count := v_count + 1;
    exception
      when lock_not_available then null;
    end;
  end loop;
  return v_count;
end;
$$;
