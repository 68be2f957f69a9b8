-- Makes daily history partitions ahead, for today and the next three days of the wall clock (UTC).
-- CREATE TABLE, then ATTACH: readers and writers of history go on. A day that the default partition
-- has rows of already stays there.
create or replace function jittask.make_partitions()
returns int
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  v_day date;
  v_name text;
  v_from timestamptz;
  v_count int := 0;
begin
  for v_day in
    select (statement_timestamp() at time zone 'UTC')::date + n from generate_series(0, 3) n
  loop
    v_name := 'run_history_' || to_char(v_day, 'YYYYMMDD');
    v_from := v_day::timestamp at time zone 'UTC';
    continue when to_regclass('jittask.' || v_name) is not null;
    continue when exists (
      select from jittask.run_history_default d
      where d.finished_at >= v_from and d.finished_at < v_from + interval '24 hours'
    );
    begin
      execute format('create table jittask.%I (like jittask.run_history including all)', v_name);
      execute format(
        'alter table jittask.run_history attach partition jittask.%I for values from (%L) to (%L)',
        v_name, v_from, v_from + interval '24 hours'
      );
      v_count := v_count + 1;
    exception
      -- Held, or rows of that day have just entered the default partition.
      when lock_not_available or check_violation then null;
    end;
  end loop;
  return v_count;
end;
$$;
