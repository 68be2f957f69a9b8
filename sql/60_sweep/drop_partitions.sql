-- Drops history partitions older than the setting history_retention, and old tries. With a tiny
-- lock_timeout: a partition in use is left for the next sweep, so that no claim waits for it. By the wall clock: a rehearsed one must not prune.
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
