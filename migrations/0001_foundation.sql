-- jittask_pg lives in one schema of an ordinary Postgres.
--
-- The life of a task, in tables: a person writes a row into `task`. A trigger compiles it into
-- `plan` and puts its next occurrence into `due_queue`; for a date-field task, triggers on the
-- source table (`watch`) do so for every row. A worker claims due occurrences: the row stays where
-- it is and gets the id of a `lease`. When the function has run, one statement moves the occurrence
-- into `run_history`; a try that did not end it leaves a `run_attempt`. Count and cursor of a
-- repeating rule stand in `series`. Whatever must be planned anew waits in `replan` for the sweep.

create schema jittask;

comment on schema jittask is
  'jittask_pg: schedules and date-field triggers as rows, a due queue, and a ledger of what ran';

create table jittask.migration (
  version    int not null,
  name       text not null,
  previous   int generated always as (nullif(version - 1, 0)) stored,
  applied_at timestamptz not null default clock_timestamp(),
  constraint migration_is_applied_once primary key (version),
  constraint migrations_are_applied_in_order_without_gaps
    foreign key (previous) references jittask.migration (version),
  constraint migration_version_counts_from_1 check (version >= 1)
);

comment on table jittask.migration is
  'Ledger of the schema: each file of migrations/ registers itself with its last statement';
comment on column jittask.migration.version is 'Number of the file';
comment on column jittask.migration.name is 'What the file adds';
comment on column jittask.migration.previous is
  'The migration that must be there before; null for the first. Its foreign key refuses gaps';
comment on column jittask.migration.applied_at is 'When it was applied, by the wall clock';

create table jittask.function_digest (
  path       text not null,
  digest     text not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint function_file_is_known_once primary key (path)
);

comment on table jittask.function_digest is
  'Which content of each file of sql/ is installed; any difference makes the runner reapply them all';
comment on column jittask.function_digest.path is 'Path of the file below sql/';
comment on column jittask.function_digest.digest is 'SHA-256 of its content, hexadecimal';
comment on column jittask.function_digest.applied_at is 'When it was applied, by the wall clock';

create table jittask.setting (
  name  text not null,
  value text not null,
  constraint setting_is_given_once primary key (name),
  constraint setting_name_is_known check (
    name in ('timezone', 'history_retention', 'poll_interval', 'lease_duration', 'notify')
  ),
  constraint setting_notify_is_on_or_off check (name <> 'notify' or value in ('on', 'off'))
);

comment on table jittask.setting is 'Settings of this installation, for all its workers and writers';
comment on column jittask.setting.name is
  'timezone: IANA name used where a task has none; history_retention: how long history is kept; '
  'poll_interval: the longest sleep of a worker; lease_duration: how long a claim holds without '
  'renewal; notify: on or off, whether writers wake sleeping workers';
comment on column jittask.setting.value is 'Text form of the value';

insert into jittask.setting (name, value)
values
  ('timezone', 'UTC'),
  ('history_retention', '30 days'),
  ('poll_interval', '1 second'),
  ('lease_duration', '30 seconds'),
  ('notify', 'on');

-- Group roles belong to the cluster, not to this database: another installation may have made them
-- already, or be making them now, and the installing role may lack the right to make any.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['jittask_admin', 'jittask_worker', 'jittask_client', 'jittask_viewer']
  loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
      begin
        execute format('create role %I nologin', v_role);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise notice 'Role "%" was not created', v_role
            using hint = format('Let a role with CREATEROLE run: create role %I nologin; '
                                'then run the migrations again', v_role);
      end;
    end if;
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (1, 'foundation');
