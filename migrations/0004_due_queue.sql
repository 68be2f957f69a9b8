-- Every unfinished occurrence, and who holds it.

-- No check constraints: the server reads each of them anew for every statement that inserts, which would
-- make up a quarter of what a watched table costs its writers. Functions alone write here, and refuse
-- what cannot be (jittask.check_one_off).
create table jittask.due_queue (
  occurrence_id    bigint generated always as identity,
  task_id          bigint,
  plan_no          int,
  priority         int not null default 100,
  nominal_at       timestamptz not null,
  due_at           timestamptz not null,
  run_at           timestamptz not null,
  lease_id         bigint,
  first_claimed_at timestamptz,
  attempt          int not null default 0,
  losses           int not null default 0,
  suspect          bool not null default false,
  missed           int not null default 0,
  queue            text collate "C" not null default 'default',
  source_key       text collate "C" not null default '',
  handler          text,
  args             jsonb,
  title            text,
  dedupe_key       text,
  timeout          interval,
  max_attempts     int,
  retry_delay      interval,
  created_by       text,
  constraint due_queue_occurrence_id_is_unique primary key (occurrence_id)
) with (fillfactor = 50);

-- Claims read it in order. lease_id is in no index and no predicate, so that claiming a row is a
-- HOT update; fillfactor 50 leaves each page room for the claimed versions of all its rows.
create index due_queue_in_claim_order on jittask.due_queue (queue, priority, run_at, occurrence_id);

-- The identity of a run. One-offs have none and do not pay for it.
create unique index due_queue_identity_is_planned_once
  on jittask.due_queue (task_id, source_key, due_at) where task_id is not null;

create unique index due_queue_dedupe_key_is_unique_among_unfinished
  on jittask.due_queue (dedupe_key) where dedupe_key is not null;

comment on table jittask.due_queue is
  'Every unfinished occurrence, waiting or leased, from planning to finish; written by functions only';
comment on column jittask.due_queue.occurrence_id is 'Key, kept in run_history';
comment on column jittask.due_queue.task_id is 'Its task; null for a one-off. No foreign key: it would lock task on every insert';
comment on column jittask.due_queue.plan_no is
  'Version of the timing that planned it; null = outside the plan (one-off, run_now)';
comment on column jittask.due_queue.priority is 'Smaller runs first';
comment on column jittask.due_queue.nominal_at is 'Instant by the rule alone';
comment on column jittask.due_queue.due_at is 'Instant after offset and workday shift; never changed by a retry';
comment on column jittask.due_queue.run_at is 'Earliest instant of the next claim: due_at, or later for a retry or a wait';
comment on column jittask.due_queue.lease_id is 'Who holds it; null = nobody';
comment on column jittask.due_queue.first_claimed_at is
  'When it was claimed first; null = only planned. From then on planning leaves it alone';
comment on column jittask.due_queue.attempt is 'Tries that ended in an error or a timeout';
comment on column jittask.due_queue.losses is 'Tries that ended because the worker died while it held nothing else by this claim';
comment on column jittask.due_queue.suspect is
  'true: it was claimed by a worker that died, perhaps because of it; from then on it is claimed alone';
comment on column jittask.due_queue.missed is 'How many missed occurrences it stands for';
comment on column jittask.due_queue.queue is 'Routing';
comment on column jittask.due_queue.source_key is
  'Canonical text of the JSON object of key columns; empty for scheduled tasks and one-offs';
comment on column jittask.due_queue.handler is 'One-off: the function; null for tasks';
comment on column jittask.due_queue.args is 'One-off: keyword arguments; null for tasks and where there are none';
comment on column jittask.due_queue.title is 'One-off: for people; null = none';
comment on column jittask.due_queue.dedupe_key is 'One-off: unique among the unfinished; null = none';
comment on column jittask.due_queue.timeout is 'One-off: longest run; null = no limit';
comment on column jittask.due_queue.max_attempts is 'One-off: tries that errors may use up; null = 1';
comment on column jittask.due_queue.retry_delay is 'One-off: wait before the second try; null = 10 seconds';
comment on column jittask.due_queue.created_by is 'One-off: login role that made it; null for tasks';

create table jittask.lane (
  queue    text collate "C" not null,
  priority int not null,
  constraint lane_is_listed_once primary key (queue, priority)
);

comment on table jittask.lane is
  'Every pair of queue and priority in use: a claim probes each with one index descent';
comment on column jittask.lane.queue is 'Routing';
comment on column jittask.lane.priority is 'Smaller runs first';

create table jittask.worker (
  worker_id  bigint generated always as identity,
  name       text not null,
  host       text not null,
  pid        int not null,
  version    text not null,
  queues     text[],
  started_at timestamptz not null default clock_timestamp(),
  seen_at    timestamptz not null default clock_timestamp(),
  sleeps     bool not null default false,
  constraint worker_id_is_unique primary key (worker_id)
) with (fillfactor = 50);

comment on table jittask.worker is 'Worker processes now running or lately lost';
comment on column jittask.worker.worker_id is 'Key; a restarted process gets a new one';
comment on column jittask.worker.name is 'Name in the records, host:pid by default';
comment on column jittask.worker.host is 'Host name';
comment on column jittask.worker.pid is 'Process id on that host';
comment on column jittask.worker.version is 'Version of the package it runs';
comment on column jittask.worker.queues is 'Queues it serves; null = all';
comment on column jittask.worker.started_at is 'When it started, by the wall clock';
comment on column jittask.worker.seen_at is 'When it was last heard of, by the wall clock';
comment on column jittask.worker.sleeps is 'true: it waits for a notification; writers notify only then';

create table jittask.lease (
  lease_id       bigint generated always as identity,
  worker_id      bigint not null,
  token          bigint not null,
  claimed_at     timestamptz not null,
  expires_at     timestamptz not null,
  occurrence_ids bigint[] not null,
  stopping       bigint[],
  constraint lease_id_is_unique primary key (lease_id)
) with (fillfactor = 50);

create index lease_by_worker on jittask.lease (worker_id);

comment on table jittask.lease is 'Time-limited ownership of the occurrences of one claim';
comment on column jittask.lease.lease_id is 'Key; due_queue rows of the claim bear it';
comment on column jittask.lease.worker_id is 'Who holds it';
comment on column jittask.lease.token is 'Secret number of the claim; every later write of the worker proves itself by it';
comment on column jittask.lease.claimed_at is 'When the claim was made';
comment on column jittask.lease.expires_at is 'Past this the sweep takes the occurrences back';
comment on column jittask.lease.occurrence_ids is 'What was claimed; finished ones stay listed until the lease ends';
comment on column jittask.lease.stopping is 'Occurrences whose run somebody asked to end; null = none';

create table jittask.running (
  task_id       bigint not null,
  occurrence_id bigint not null,
  constraint running_occurrence_counts_once primary key (task_id, occurrence_id)
);

comment on table jittask.running is 'Claimed occurrences of tasks with max_running; counted under the lock of their plan row';
comment on column jittask.running.task_id is 'A task with max_running';
comment on column jittask.running.occurrence_id is 'A claimed occurrence of it';

create table jittask.series (
  task_id    bigint not null,
  source_key text collate "C" not null default '',
  anchor_at  timestamptz not null,
  runs       bigint not null default 0,
  cursor_at  timestamptz not null,
  end_at     timestamptz,
  constraint series_is_kept_once primary key (task_id, source_key)
) with (fillfactor = 70);

comment on table jittask.series is 'Count and cursor: one row per scheduled task, and per source row of repeating date-field tasks';
comment on column jittask.series.task_id is 'Its task';
comment on column jittask.series.source_key is 'Canonical text of the key of the source row; empty for scheduled tasks';
comment on column jittask.series.anchor_at is 'Nominal instant of the first occurrence; a row whose date gives another starts a new series';
comment on column jittask.series.runs is 'Occurrences put to work by the rule';
comment on column jittask.series.cursor_at is
  'Whatever is due up to here was put to work or passed over: the next occurrence is the first one due after it';
comment on column jittask.series.end_at is 'End that the source row gives, inclusive; null = none';

create table jittask.called_off (
  task_id    bigint not null,
  source_key text collate "C" not null,
  due_at     timestamptz not null,
  constraint identity_is_called_off_once primary key (task_id, source_key, due_at)
);

comment on table jittask.called_off is
  'Identities cancelled before they were due: not planned again when their row is written. Gone once due; history knows them';
comment on column jittask.called_off.task_id is 'The date-field task';
comment on column jittask.called_off.source_key is 'Canonical text of the key of the source row';
comment on column jittask.called_off.due_at is 'The instant that was called off';

create table jittask.replan (
  replan_id  bigint generated always as identity,
  task_id    bigint,
  source_key text collate "C",
  source_table text,
  reason     text not null,
  noted_at   timestamptz not null default clock_timestamp(),
  constraint replan_id_is_unique primary key (replan_id)
);

comment on table jittask.replan is 'What must be planned anew; only inserted into, drained by the sweep';
comment on column jittask.replan.replan_id is 'Key, order of arrival';
comment on column jittask.replan.task_id is 'The task; null = every task of source_table';
comment on column jittask.replan.source_key is 'The source row; null = all rows of the task';
comment on column jittask.replan.source_table is 'The table, where task_id is null; else null';
comment on column jittask.replan.reason is 'Why';
comment on column jittask.replan.noted_at is 'When it was noted, by the wall clock';

create table jittask.backfill (
  task_id   bigint not null,
  plan_no   int not null,
  after_key text collate "C",
  gone_key  text collate "C",
  is_first  bool not null default false,
  done      bigint not null default 0,
  total     bigint not null,
  constraint backfill_runs_once_per_task primary key (task_id)
);

comment on table jittask.backfill is 'How far the planning of a large table has come for one task';
comment on column jittask.backfill.task_id is 'The task';
comment on column jittask.backfill.plan_no is 'Version of the timing that is being planned';
comment on column jittask.backfill.after_key is 'Key of the last row planned, in the order of the key columns; null = none yet';
comment on column jittask.backfill.gone_key is
  'Once the rows are planned: key of the last planned occurrence whose row was looked for; null = rows are being planned';
comment on column jittask.backfill.is_first is
  'true: nothing was planned for the task before, so that nothing can be gone';
comment on column jittask.backfill.done is 'Rows looked at';
comment on column jittask.backfill.total is 'Rows of the table as estimated when it began';

create table jittask.paused_queue (
  queue     text collate "C" not null,
  paused_at timestamptz not null,
  paused_by text not null default session_user,
  constraint paused_queue_is_listed_once primary key (queue)
);

comment on table jittask.paused_queue is 'Queues from which nothing is claimed';
comment on column jittask.paused_queue.queue is 'Name of the queue';
comment on column jittask.paused_queue.paused_at is 'Since when';
comment on column jittask.paused_queue.paused_by is 'Login role that paused it';

insert into jittask.migration (version, name) values (4, 'due_queue');
