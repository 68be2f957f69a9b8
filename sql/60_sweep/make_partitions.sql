-- Makes daily history partitions ahead, for today and the next three days of the wall clock (UTC).
-- CREATE TABLE, then ATTACH: readers and writers of history go on. What the default partition has of
-- such a day moves over; a day of which it has more than 10,000 rows stays there.
-- Callers: the sweep, every worker before its first claim, and the migration as its last act.
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
  v_until timestamptz;
  v_count int := 0;
begin
  for v_day in
    select (statement_timestamp() at time zone 'UTC')::date + n from generate_series(0, 3) n
  loop
    v_name := 'run_history_' || to_char(v_day, 'YYYYMMDD');
    v_from := v_day::timestamp at time zone 'UTC';
    v_until := (v_day + 1)::timestamp at time zone 'UTC';
    continue when to_regclass('jittask.' || v_name) is not null;
    begin
      continue when exists (
        select from jittask.run_history_default d
        where d.finished_at >= v_from and d.finished_at < v_until
        offset 10000
      );
      execute format('create table jittask.%I (like jittask.run_history including all)', v_name);
      execute format(
        'with moved as (
           delete from jittask.run_history_default d
           where d.finished_at >= $1 and d.finished_at < $2
           returning d.*
         )
         insert into jittask.%I select m.* from moved m',
        v_name
      )
      using v_from, v_until;
      execute format(
        'alter table jittask.run_history attach partition jittask.%I for values from (%L) to (%L)',
        v_name, v_from, v_until
      );
      v_count := v_count + 1;
    exception
      -- Held; or rows of that day have just entered the default partition; or another session makes it.
      when lock_not_available or check_violation or duplicate_table or unique_violation then null;
    end;
  end loop;
  return v_count;
end;
$$;
