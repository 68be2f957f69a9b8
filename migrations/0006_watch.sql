-- The tables that date-field tasks watch.

create table jittask.watch (
  source_table  text not null,
  table_oid     oid not null,
  function_name text not null,
  key_columns   text[] not null,
  columns       jsonb not null,
  reads_current bool not null default false,
  replicated    bool not null default false,
  on_error      text not null default 'replan',
  broken        text,
  broken_at     timestamptz,
  idle_since    timestamptz,
  detached_at   timestamptz,
  attached_at   timestamptz not null default clock_timestamp(),
  constraint watch_stands_once_per_table primary key (source_table),
  constraint watch_function_serves_one_table unique (function_name),
  constraint watch_on_error_is_replan_or_raise check (on_error in ('replan', 'raise')),
  constraint watch_columns_is_a_json_object check (jsonb_typeof(columns) = 'object')
);

comment on table jittask.watch is 'Source tables under watch: their triggers and what they rely on';
comment on column jittask.watch.source_table is 'schema.table, as in task.source_table';
comment on column jittask.watch.table_oid is 'Cached oid; trusted while that oid still bears the name';
comment on column jittask.watch.function_name is 'Trigger function in schema jittask, without its schema';
comment on column jittask.watch.key_columns is 'Columns of the key, in its order';
comment on column jittask.watch.columns is
  'Name of each column relied on, with its number and type when the function was generated';
comment on column jittask.watch.reads_current is
  'true: row triggers of the user''s own may change a row later, so the plan reads the current row by key';
comment on column jittask.watch.replicated is
  'true: row triggers that always fire, so that rows applied by logical replication are seen too';
comment on column jittask.watch.on_error is
  'What an error of ours in the trigger does: replan (noted, planned by the sweep) or raise';
comment on column jittask.watch.broken is 'Why the table cannot be watched at present; null = it is watched';
comment on column jittask.watch.broken_at is 'Since when it is broken; null = it is not';
comment on column jittask.watch.idle_since is 'Since when no task uses the table; null = some do';
comment on column jittask.watch.detached_at is
  'Since when the triggers are off on purpose while the tasks stay; null = they are not';
comment on column jittask.watch.attached_at is 'When the triggers were made, by the wall clock';

create table jittask.reconciled (
  task_id   bigint not null,
  after_key text[],
  gone_key  text collate "C",
  ended_at  timestamptz not null default clock_timestamp(),
  constraint task_is_reconciled_at_one_place primary key (task_id)
);

comment on table jittask.reconciled is
  'How far the sweep has come with comparing source rows and due queue, for each date-field task';
comment on column jittask.reconciled.task_id is 'The task';
comment on column jittask.reconciled.after_key is 'Key of the last row compared, as texts; null = none yet';
comment on column jittask.reconciled.gone_key is
  'Once the rows are compared: key of the last planned occurrence whose row was looked for; null = not there yet';
comment on column jittask.reconciled.ended_at is 'When it last came to the end, or the task was first seen, by the wall clock';

insert into jittask.migration (version, name) values (6, 'watch');
