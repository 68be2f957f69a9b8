-- A statement that writes very many rows plans the first of them itself and lists the keys of the rest, a
-- thousand an entry, for the sweep. What is listed is judged as of the instant at which it was: a row that
-- comes due before the sweep has got to it is not past.

alter table jittask.replan add column source_keys text[] collate "C";
alter table jittask.replan alter column noted_at set default
  coalesce(
    nullif(current_setting('jittask.fake_now', true), '')::timestamptz, statement_timestamp()
  );

comment on column jittask.replan.source_key is 'The source row; null = those of source_keys, or all rows of the task';
comment on column jittask.replan.source_keys is 'Many source rows at once; null = none';
comment on column jittask.replan.noted_at is 'When it was noted, by jittask.now(): whether a date is past is judged as of then';

-- Plannings under way when the schema is upgraded are judged as of the upgrade.
alter table jittask.backfill add column since_at timestamptz not null default statement_timestamp();

comment on column jittask.backfill.since_at is 'When the task was defined or changed: whether a date is past is judged as of then';

-- Their parameters or results are others now; the functions are applied anew right after.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc p
    where p.pronamespace = 'jittask'::regnamespace
      and p.proname in (
        'wanted_sql', 'put_wanted_sql', 'unused_identity_sql', 'plan_source_rows', 'lock_source_rows',
        'replan_task', 'backfill_chunk', 'watch_put_sql', 'watch_begin_sql'
      )
  loop
    execute format('drop function %s', v_function);
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (8, 'many_rows');
