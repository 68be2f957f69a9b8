-- What ran and why: one final row per occurrence, and one for each try that did not end it.

create table jittask.run_history (
  occurrence_id bigint not null,
  task_id       bigint,
  nominal_at    timestamptz not null,
  due_at        timestamptz not null,
  started_at    timestamptz,
  finished_at   timestamptz not null,
  attempt       int not null default 0,
  losses        int not null default 0,
  missed        int not null default 0,
  outcome       text not null,
  worker        text,
  task_name     text not null,
  kind          text not null,
  source_key    text collate "C" not null default '',
  queue         text collate "C" not null,
  priority      int not null,
  result        jsonb,
  error         text,
  log           text,
  handler       text,
  args          jsonb,
  title         text,
  timeout       interval,
  max_attempts  int,
  retry_delay   interval,
  created_by    text,
  constraint run_history_outcome_is_known check (
    outcome in ('completed', 'error', 'timed_out', 'lost', 'cancelled', 'skipped')
  )
) partition by range (finished_at);

-- The default partition takes what no partition was made for: rehearsed dates, mostly.
create table jittask.run_history_default partition of jittask.run_history default;

create index run_history_by_occurrence on jittask.run_history (occurrence_id);
create index run_history_by_task on jittask.run_history (task_id, due_at) where task_id is not null;
create index run_history_by_name on jittask.run_history (task_name, due_at);
create index run_history_not_completed on jittask.run_history (outcome, due_at) where outcome <> 'completed';
create index run_history_by_time on jittask.run_history (due_at);

comment on table jittask.run_history is 'One final row per occurrence that ended; partitioned by finished_at';
comment on column jittask.run_history.occurrence_id is 'The occurrence, as it was called in the due queue';
comment on column jittask.run_history.task_id is 'Its task; null for a one-off';
comment on column jittask.run_history.nominal_at is 'Instant by the rule alone';
comment on column jittask.run_history.due_at is 'Instant at which it was due';
comment on column jittask.run_history.started_at is 'When the function was called; null = it never was';
comment on column jittask.run_history.finished_at is 'When it ended';
comment on column jittask.run_history.attempt is 'Number of the last run, from 1; 0 = it never ran';
comment on column jittask.run_history.losses is 'Runs lost because a worker died that held nothing else by this claim';
comment on column jittask.run_history.missed is 'How many missed or skipped occurrences it stands for';
comment on column jittask.run_history.outcome is 'completed, error, timed_out, lost, cancelled or skipped';
comment on column jittask.run_history.worker is 'Who ran it; null = nobody';
comment on column jittask.run_history.task_name is 'Name of the task when the run began; of a one-off its title, else its function';
comment on column jittask.run_history.kind is 'scheduled, date_field or one_off';
comment on column jittask.run_history.source_key is 'Canonical text of the key of the source row; empty without one';
comment on column jittask.run_history.queue is 'Routing';
comment on column jittask.run_history.priority is 'Smaller ran first';
comment on column jittask.run_history.result is 'What the function returned; null = nothing';
comment on column jittask.run_history.error is 'Error, or the reason why it was skipped or cancelled; null = none';
comment on column jittask.run_history.log is 'Captured log lines; null = not captured';
comment on column jittask.run_history.handler is 'One-off: the function; null for tasks';
comment on column jittask.run_history.args is 'One-off: keyword arguments; null for tasks and where there were none';
comment on column jittask.run_history.title is 'One-off: for people; null = none';
comment on column jittask.run_history.timeout is 'One-off: longest run; null = no limit';
comment on column jittask.run_history.max_attempts is 'One-off: tries that errors could use up; null = 1';
comment on column jittask.run_history.retry_delay is 'One-off: wait before the second try; null = 10 seconds';
comment on column jittask.run_history.created_by is 'One-off: login role that made it; null for tasks';

create table jittask.run_attempt (
  occurrence_id bigint not null,
  attempt       int not null,
  outcome       text not null,
  worker        text,
  started_at    timestamptz,
  finished_at   timestamptz not null,
  result        jsonb,
  error         text,
  constraint run_attempt_outcome_is_known check (
    outcome in ('error', 'timed_out', 'lost', 'snoozed', 'superseded', 'released')
  )
);

create index run_attempt_by_occurrence on jittask.run_attempt (occurrence_id);
create index run_attempt_by_time on jittask.run_attempt using brin (finished_at);

comment on table jittask.run_attempt is 'One row for each try that did not end its occurrence';
comment on column jittask.run_attempt.occurrence_id is 'The occurrence';
comment on column jittask.run_attempt.attempt is 'Number of the run, from 1';
comment on column jittask.run_attempt.outcome is
  'error or timed_out (retried), lost (the worker died), snoozed, superseded (its lease was no longer held), released (given back)';
comment on column jittask.run_attempt.worker is 'Who ran it; null = unknown';
comment on column jittask.run_attempt.started_at is 'When the function was called; null = it never was';
comment on column jittask.run_attempt.finished_at is 'When the try ended or was found lost';
comment on column jittask.run_attempt.result is 'What a superseded run returned; null = nothing';
comment on column jittask.run_attempt.error is 'Error or reason; null = none';

insert into jittask.migration (version, name) values (5, 'run_history');
