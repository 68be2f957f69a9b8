-- Sessions of the database may run functions of the database as workers: pg_cron starts them.

alter table jittask.worker add column in_database bool not null default false;

comment on column jittask.worker.in_database is
  'true: a session of this database, pid is that of its server process; runs functions of the database only';
comment on column jittask.worker.version is 'Version of the package it runs; of a session of the database, that of the schema';

create type jittask.database_run as (
  occurrence_id bigint,
  lease_id      bigint,
  token         bigint,
  run_us        bigint,
  handler       text,
  args          text,
  source_key    text,
  nominal_us    bigint,
  detail        text,
  started_us    bigint,
  finished_us   bigint,
  outcome       text,
  result        text,
  error         text
);

comment on type jittask.database_run is
  'An occurrence as a session of the database claimed it, and how its run ended; outcome null = nothing is to be reported';

-- As jittask.now(): a procedure that commits is one statement, however long it goes on.
alter table jittask.replan alter column noted_at set default
  coalesce(
    nullif(current_setting('jittask.fake_now', true), '')::timestamptz,
    greatest(statement_timestamp(), transaction_timestamp())
  );

-- They get one more parameter.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc p
    where p.pronamespace = 'jittask'::regnamespace and p.proname in ('claim', 'lock_due')
  loop
    execute format('drop function %s', v_function);
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (12, 'database_workers');
