-- Postgres 15. Made by: make schema

COMMENT ON SCHEMA jittask IS 'jittask_pg: schedules and date-field triggers as rows, a due queue, and a ledger of what ran';

CREATE TYPE jittask.database_run AS (
	occurrence_id bigint,
	lease_id bigint,
	token bigint,
	run_us bigint,
	handler text,
	args text,
	source_key text,
	nominal_us bigint,
	detail text,
	started_us bigint,
	finished_us bigint,
	outcome text,
	result text,
	error text
);

COMMENT ON TYPE jittask.database_run IS 'An occurrence as a session of the database claimed it, and how its run ended; outcome null = nothing is to be reported';

CREATE TYPE jittask.rule AS (
	repeat text,
	anchor_at timestamp with time zone,
	earliest_at timestamp with time zone,
	timezone text,
	every integer,
	period interval,
	cron integer[],
	month_overflow text,
	end_at timestamp with time zone,
	calendar text,
	skip_holidays text,
	holiday_policy text,
	first_fires boolean
);

COMMENT ON TYPE jittask.rule IS 'Timing of one task or source row. anchor_at: nominal instant of the first occurrence; earliest_at: lower bound of nominal and due, null for source rows; cron: compiled form; end_at: inclusive, null = none; first_fires: the anchor itself is an occurrence even where the cron expression does not match it';

CREATE TABLE jittask.plan (
    task_id bigint NOT NULL,
    plan_no integer DEFAULT 1 NOT NULL,
    timezone text NOT NULL,
    cron_form integer[],
    filter_sql text,
    nominal_sql text,
    end_sql text,
    handler text,
    args text,
    detail text NOT NULL,
    judged boolean NOT NULL,
    broken text,
    broken_at timestamp with time zone,
    planned_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE jittask.plan IS 'The compiled form of each task, made by its trigger; people write to task instead';

COMMENT ON COLUMN jittask.plan.task_id IS 'The task';

COMMENT ON COLUMN jittask.plan.plan_no IS 'Counts the versions of the timing; queue rows of an older one never fire';

COMMENT ON COLUMN jittask.plan.timezone IS 'Zone in force: the task''s own or the installation''s';

COMMENT ON COLUMN jittask.plan.cron_form IS 'Compiled cron expression; null unless repeat = cron';

COMMENT ON COLUMN jittask.plan.filter_sql IS 'Compiled filter over the row alias r; null = every row';

COMMENT ON COLUMN jittask.plan.nominal_sql IS 'Expression over the row alias r for the first nominal instant; null for scheduled tasks';

COMMENT ON COLUMN jittask.plan.end_sql IS 'Expression over the row alias r for the end of the series; null = none';

COMMENT ON COLUMN jittask.plan.handler IS 'The function, for the claim; null for an internal function';

COMMENT ON COLUMN jittask.plan.args IS 'Keyword arguments as text, for the claim; null = none';

COMMENT ON COLUMN jittask.plan.detail IS 'What a worker must know to run the task, JSON text handed out by the claim';

COMMENT ON COLUMN jittask.plan.judged IS 'true: each claim looks at the row by itself (repeats, limits, misfire); false: claimed in sets';

COMMENT ON COLUMN jittask.plan.broken IS 'Why the task cannot be planned at present; null = it can';

COMMENT ON COLUMN jittask.plan.broken_at IS 'Since when it is broken; null = it is not';

COMMENT ON COLUMN jittask.plan.planned_at IS 'When this version of the timing was made, by jittask.now()';

CREATE TABLE jittask.task (
    task_id bigint NOT NULL,
    name text NOT NULL,
    title text,
    kind text NOT NULL,
    handler text,
    source text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    start_at timestamp with time zone,
    repeat text DEFAULT 'none'::text NOT NULL,
    every integer DEFAULT 1 NOT NULL,
    period interval,
    cron text,
    month_overflow text DEFAULT 'clamp'::text NOT NULL,
    timezone text,
    end_at timestamp with time zone,
    max_runs integer,
    calendar text,
    skip_holidays text DEFAULT 'none'::text NOT NULL,
    holiday_policy text DEFAULT 'next_workday'::text NOT NULL,
    source_table text,
    date_field text,
    start_offset interval DEFAULT '00:00:00'::interval NOT NULL,
    at_time time without time zone,
    filter jsonb,
    end_field text,
    end_offset interval,
    end_at_time time without time zone,
    past_due text DEFAULT 'ignore'::text NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL COLLATE pg_catalog."C",
    priority integer DEFAULT 100 NOT NULL,
    timeout interval,
    max_attempts integer DEFAULT 1 NOT NULL,
    retry_delay interval DEFAULT '00:00:10'::interval NOT NULL,
    isolation text DEFAULT 'thread'::text NOT NULL,
    transactional boolean DEFAULT false NOT NULL,
    max_running integer,
    overlap text DEFAULT 'skip'::text NOT NULL,
    misfire text DEFAULT 'latest'::text NOT NULL,
    misfire_grace interval DEFAULT '00:01:00'::interval NOT NULL,
    misfire_cap integer DEFAULT 100 NOT NULL,
    catchup_window interval DEFAULT '1 day'::interval NOT NULL,
    capture_log boolean DEFAULT false NOT NULL,
    paused_at timestamp with time zone,
    created_by text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT date_field_task_names_its_table_and_field CHECK (((kind <> 'date_field'::text) OR (num_nonnulls(source_table, date_field) = 2))),
    CONSTRAINT date_field_task_starts_from_its_field_not_start_at CHECK (((kind <> 'date_field'::text) OR (start_at IS NULL))),
    CONSTRAINT scheduled_task_has_a_start_at CHECK (((kind <> 'scheduled'::text) OR (start_at IS NOT NULL))),
    CONSTRAINT scheduled_task_has_no_source_table_or_fields CHECK (((kind <> 'scheduled'::text) OR ((num_nonnulls(source_table, date_field, at_time, filter, end_field, end_offset, end_at_time) = 0) AND (start_offset = '00:00:00'::interval) AND (past_due = 'ignore'::text)))),
    CONSTRAINT task_args_is_a_json_object CHECK ((jsonb_typeof(args) = 'object'::text)),
    CONSTRAINT task_at_time_is_before_midnight CHECK ((at_time < '24:00:00'::time without time zone)),
    CONSTRAINT task_at_time_needs_an_offset_of_whole_days CHECK (((at_time IS NULL) OR (start_offset = date_trunc('day'::text, start_offset)))),
    CONSTRAINT task_catchup_window_is_1000_years_at_most CHECK ((catchup_window <= '1000 years'::interval)),
    CONSTRAINT task_catchup_window_is_not_negative CHECK ((catchup_window >= '00:00:00'::interval)),
    CONSTRAINT task_cron_is_given_for_repeat_cron_only CHECK (((cron IS NOT NULL) = (repeat = 'cron'::text))),
    CONSTRAINT task_end_at_is_not_before_start_at CHECK ((end_at >= start_at)),
    CONSTRAINT task_end_at_lies_in_the_years_2_to_9999 CHECK (((end_at >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (end_at < '10000-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT task_end_at_time_is_before_midnight CHECK ((end_at_time < '24:00:00'::time without time zone)),
    CONSTRAINT task_end_at_time_needs_an_offset_of_whole_days CHECK (((end_at_time IS NULL) OR (end_offset IS NULL) OR (end_offset = date_trunc('day'::text, end_offset)))),
    CONSTRAINT task_end_offset_and_end_at_time_need_an_end_field CHECK (((end_field IS NOT NULL) OR (num_nonnulls(end_offset, end_at_time) = 0))),
    CONSTRAINT task_end_offset_is_1000_years_at_most CHECK (((end_offset >= '-1000 years'::interval) AND (end_offset <= '1000 years'::interval))),
    CONSTRAINT task_every_counts_whole_cycles_from_1 CHECK (((every >= 1) AND (every <= 1000000))),
    CONSTRAINT task_every_is_for_hourly_to_yearly CHECK (((every = 1) OR (repeat = ANY (ARRAY['hourly'::text, 'daily'::text, 'weekly'::text, 'monthly'::text, 'yearly'::text])))),
    CONSTRAINT task_handler_has_500_characters_at_most CHECK ((length(handler) <= 500)),
    CONSTRAINT task_handler_is_not_blank CHECK (((handler <> ''::text) AND (handler = btrim(handler)))),
    CONSTRAINT task_has_exactly_one_of_handler_and_source CHECK ((num_nonnulls(handler, source) = 1)),
    CONSTRAINT task_holiday_policy_is_next_workday_previous_workday_or_drop CHECK ((holiday_policy = ANY (ARRAY['next_workday'::text, 'previous_workday'::text, 'drop'::text]))),
    CONSTRAINT task_isolation_is_thread_or_process CHECK ((isolation = ANY (ARRAY['thread'::text, 'process'::text]))),
    CONSTRAINT task_kind_is_scheduled_or_date_field CHECK ((kind = ANY (ARRAY['scheduled'::text, 'date_field'::text]))),
    CONSTRAINT task_max_attempts_is_1_or_more CHECK (((max_attempts >= 1) AND (max_attempts <= 1000))),
    CONSTRAINT task_max_running_is_1_or_more CHECK ((max_running >= 1)),
    CONSTRAINT task_max_runs_is_1_or_more CHECK ((max_runs >= 1)),
    CONSTRAINT task_misfire_cap_is_1_or_more CHECK ((misfire_cap >= 1)),
    CONSTRAINT task_misfire_grace_is_1000_years_at_most CHECK ((misfire_grace <= '1000 years'::interval)),
    CONSTRAINT task_misfire_grace_is_not_negative CHECK ((misfire_grace >= '00:00:00'::interval)),
    CONSTRAINT task_misfire_is_latest_all_or_skip CHECK ((misfire = ANY (ARRAY['latest'::text, 'all'::text, 'skip'::text]))),
    CONSTRAINT task_month_overflow_is_clamp_or_skip CHECK ((month_overflow = ANY (ARRAY['clamp'::text, 'skip'::text]))),
    CONSTRAINT task_name_is_not_blank CHECK (((name <> ''::text) AND (name = btrim(name)))),
    CONSTRAINT task_name_is_one_line_of_200_characters_at_most CHECK (((name !~ '[[:cntrl:]]'::text) AND (length(name) <= 200))),
    CONSTRAINT task_overlap_is_skip_wait_or_allow CHECK ((overlap = ANY (ARRAY['skip'::text, 'wait'::text, 'allow'::text]))),
    CONSTRAINT task_past_due_is_ignore_or_run_now CHECK ((past_due = ANY (ARRAY['ignore'::text, 'run_now'::text]))),
    CONSTRAINT task_paused_at_is_a_real_instant CHECK (isfinite(paused_at)),
    CONSTRAINT task_period_has_no_months_or_years CHECK (((EXTRACT(year FROM period) = (0)::numeric) AND (EXTRACT(month FROM period) = (0)::numeric))),
    CONSTRAINT task_period_is_1_second_to_100000_days CHECK (((period >= '00:00:01'::interval) AND (period <= '100000 days'::interval))),
    CONSTRAINT task_period_is_given_for_interval_only CHECK (((period IS NOT NULL) = (repeat = 'interval'::text))),
    CONSTRAINT task_queue_has_100_characters_at_most CHECK ((length(queue) <= 100)),
    CONSTRAINT task_queue_is_not_blank CHECK (((queue <> ''::text) AND (queue = btrim(queue)))),
    CONSTRAINT task_repeat_is_a_known_cycle CHECK ((repeat = ANY (ARRAY['none'::text, 'hourly'::text, 'daily'::text, 'weekly'::text, 'monthly'::text, 'yearly'::text, 'interval'::text, 'cron'::text]))),
    CONSTRAINT task_retry_delay_is_366_days_at_most CHECK ((retry_delay <= '366 days'::interval)),
    CONSTRAINT task_retry_delay_is_not_negative CHECK ((retry_delay >= '00:00:00'::interval)),
    CONSTRAINT task_skip_holidays_is_none_nonworking_or_holidays CHECK ((skip_holidays = ANY (ARRAY['none'::text, 'nonworking'::text, 'holidays'::text]))),
    CONSTRAINT task_source_is_not_blank CHECK ((btrim(source) <> ''::text)),
    CONSTRAINT task_start_at_lies_in_the_years_2_to_9998 CHECK (((start_at >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (start_at < '9999-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT task_start_offset_is_1000_years_at_most CHECK (((start_offset >= '-1000 years'::interval) AND (start_offset <= '1000 years'::interval))),
    CONSTRAINT task_that_skips_holidays_has_a_calendar CHECK (((skip_holidays = 'none'::text) OR (calendar IS NOT NULL))),
    CONSTRAINT task_timeout_is_366_days_at_most CHECK ((timeout <= '366 days'::interval)),
    CONSTRAINT task_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT task_title_is_not_blank CHECK ((btrim(title) <> ''::text)),
    CONSTRAINT task_transactional_needs_thread_isolation CHECK (((NOT transactional) OR (isolation = 'thread'::text)))
);

COMMENT ON TABLE jittask.task IS 'One row per definition: do this, by that rule. A plain insert, update or delete takes effect in that transaction';

COMMENT ON COLUMN jittask.task.task_id IS 'Key';

COMMENT ON COLUMN jittask.task.name IS 'Unique identifier; made from title when left out';

COMMENT ON COLUMN jittask.task.title IS 'For people; null = the name says it';

COMMENT ON COLUMN jittask.task.kind IS 'scheduled: runs by a rule; date_field: watches a date column of a source table';

COMMENT ON COLUMN jittask.task.handler IS 'Service function: a registered name or allowed dotted path; sql:schema.function runs inside the database. Null where source is given';

COMMENT ON COLUMN jittask.task.source IS 'Internal function: Python source that defines run; null where handler is given. Runs only on workers started with --inline';

COMMENT ON COLUMN jittask.task.args IS 'Keyword arguments of the function, a JSON object';

COMMENT ON COLUMN jittask.task.start_at IS 'Scheduled: first run and anchor of the rule; may lie in the past. Null for date-field tasks';

COMMENT ON COLUMN jittask.task.repeat IS 'none, hourly, daily, weekly, monthly, yearly, interval or cron';

COMMENT ON COLUMN jittask.task.every IS 'Whole number of cycles: weekly with 2 = every second week';

COMMENT ON COLUMN jittask.task.period IS 'Elapsed time between runs, for repeat = interval only';

COMMENT ON COLUMN jittask.task.cron IS 'Expression of five fields, or six with seconds first, for repeat = cron only';

COMMENT ON COLUMN jittask.task.month_overflow IS 'The 31st in short months: clamp to the last day, or skip the month';

COMMENT ON COLUMN jittask.task.timezone IS 'IANA name; null = the setting "timezone" of the installation';

COMMENT ON COLUMN jittask.task.end_at IS 'Last instant at which it may be due, inclusive; null = no end';

COMMENT ON COLUMN jittask.task.max_runs IS 'How many occurrences the rule puts to work, per row for date-field tasks; null = no limit';

COMMENT ON COLUMN jittask.task.calendar IS 'Calendar of working days; null = none';

COMMENT ON COLUMN jittask.task.skip_holidays IS 'Which days are moved off: none, nonworking (any free day) or holidays (marked ones)';

COMMENT ON COLUMN jittask.task.holiday_policy IS 'Where to: next_workday, previous_workday, or drop';

COMMENT ON COLUMN jittask.task.source_table IS 'Watched table, stored as schema.table; null for scheduled tasks';

COMMENT ON COLUMN jittask.task.date_field IS 'Its date, timestamp or timestamptz column; null for scheduled tasks';

COMMENT ON COLUMN jittask.task.start_offset IS 'Signed distance from the field: months, then civil days, then elapsed time';

COMMENT ON COLUMN jittask.task.at_time IS 'Wall-clock time on that day; null = the time of the field is kept';

COMMENT ON COLUMN jittask.task.filter IS 'Condition on the row, JSON; only rows for which it is true are planned. Null = every row';

COMMENT ON COLUMN jittask.task.end_field IS 'Date column of the same row that ends the repeating; null = none';

COMMENT ON COLUMN jittask.task.end_offset IS 'Signed distance from the end field; null = none';

COMMENT ON COLUMN jittask.task.end_at_time IS 'Wall-clock time on the end day; null = the time of the field, or the whole day of a date';

COMMENT ON COLUMN jittask.task.past_due IS 'A row written when its due time is past: ignore, or run_now';

COMMENT ON COLUMN jittask.task.queue IS 'Routing: workers may serve some queues only';

COMMENT ON COLUMN jittask.task.priority IS 'Smaller runs first';

COMMENT ON COLUMN jittask.task.timeout IS 'Longest run; null = no limit';

COMMENT ON COLUMN jittask.task.max_attempts IS 'Tries that an error or a timeout may use up';

COMMENT ON COLUMN jittask.task.retry_delay IS 'Wait before the second try; doubles with jitter';

COMMENT ON COLUMN jittask.task.isolation IS 'thread, or process: a child process that can be killed';

COMMENT ON COLUMN jittask.task.transactional IS 'The writes of the function commit together with the finish';

COMMENT ON COLUMN jittask.task.max_running IS 'Concurrent runs of this task over all workers; null = no limit';

COMMENT ON COLUMN jittask.task.overlap IS 'When the run before (same task, same row) still runs: skip, wait or allow';

COMMENT ON COLUMN jittask.task.misfire IS 'Occurrences missed: latest, all or skip';

COMMENT ON COLUMN jittask.task.misfire_grace IS 'How late an unclaimed occurrence may be before it counts as missed';

COMMENT ON COLUMN jittask.task.misfire_cap IS 'With misfire = all: how many of the newest are run';

COMMENT ON COLUMN jittask.task.catchup_window IS 'With misfire = all: how old a missed occurrence may be';

COMMENT ON COLUMN jittask.task.capture_log IS 'Keep log lines of the run in its record';

COMMENT ON COLUMN jittask.task.paused_at IS 'Since when the task is off; null = on';

COMMENT ON COLUMN jittask.task.created_by IS 'Login role that defined it';

COMMENT ON COLUMN jittask.task.created_at IS 'When it was defined, by the wall clock';

COMMENT ON COLUMN jittask.task.updated_at IS 'When it was last changed, by the wall clock';

CREATE TABLE jittask.watch (
    source_table text NOT NULL,
    table_oid oid NOT NULL,
    function_name text NOT NULL,
    key_columns text[] NOT NULL,
    columns jsonb NOT NULL,
    reads_current boolean DEFAULT false NOT NULL,
    replicated boolean DEFAULT false NOT NULL,
    on_error text DEFAULT 'replan'::text NOT NULL,
    broken text,
    broken_at timestamp with time zone,
    idle_since timestamp with time zone,
    detached_at timestamp with time zone,
    attached_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT watch_columns_is_a_json_object CHECK ((jsonb_typeof(columns) = 'object'::text)),
    CONSTRAINT watch_on_error_is_replan_or_raise CHECK ((on_error = ANY (ARRAY['replan'::text, 'raise'::text])))
);

COMMENT ON TABLE jittask.watch IS 'Source tables under watch: their triggers and what they rely on';

COMMENT ON COLUMN jittask.watch.source_table IS 'schema.table, as in task.source_table';

COMMENT ON COLUMN jittask.watch.table_oid IS 'Cached oid; trusted while that oid still bears the name';

COMMENT ON COLUMN jittask.watch.function_name IS 'Trigger function in schema jittask, without its schema';

COMMENT ON COLUMN jittask.watch.key_columns IS 'Columns of the key, in its order';

COMMENT ON COLUMN jittask.watch.columns IS 'Columns the tasks rely on, as they were compiled: {"name": [attnum, "type", oid of the type]}';

COMMENT ON COLUMN jittask.watch.reads_current IS 'true: row triggers of the user''s own may change a row later, so the plan reads the current row by key';

COMMENT ON COLUMN jittask.watch.replicated IS 'true: row triggers that always fire, so that rows applied by logical replication are seen too';

COMMENT ON COLUMN jittask.watch.on_error IS 'What an error of ours in the trigger does: replan (noted, planned by the sweep) or raise';

COMMENT ON COLUMN jittask.watch.broken IS 'Why the table cannot be watched at present; null = it is watched';

COMMENT ON COLUMN jittask.watch.broken_at IS 'Since when it is broken; null = it is not';

COMMENT ON COLUMN jittask.watch.idle_since IS 'Since when no task uses the table; null = some do';

COMMENT ON COLUMN jittask.watch.detached_at IS 'Since when the triggers are off on purpose while the tasks stay; null = they are not';

COMMENT ON COLUMN jittask.watch.attached_at IS 'When the triggers were made, by the wall clock';

CREATE TABLE jittask.due_queue (
    occurrence_id bigint NOT NULL,
    task_id bigint,
    plan_no integer,
    priority integer DEFAULT 100 NOT NULL,
    nominal_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    lease_id bigint,
    first_claimed_at timestamp with time zone,
    attempt integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    suspect boolean DEFAULT false NOT NULL,
    missed integer DEFAULT 0 NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL COLLATE pg_catalog."C",
    source_key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    handler text,
    args jsonb,
    title text,
    dedupe_key text,
    timeout interval,
    max_attempts integer,
    retry_delay interval,
    created_by text
)
WITH (fillfactor='50');

COMMENT ON TABLE jittask.due_queue IS 'Every unfinished occurrence, waiting or leased, from planning to finish; written by functions only';

COMMENT ON COLUMN jittask.due_queue.occurrence_id IS 'Key, kept in run_history';

COMMENT ON COLUMN jittask.due_queue.task_id IS 'Its task; null for a one-off. No foreign key: it would lock task on every insert';

COMMENT ON COLUMN jittask.due_queue.plan_no IS 'Version of the timing that planned it; null = outside the plan (one-off, run_now)';

COMMENT ON COLUMN jittask.due_queue.priority IS 'Smaller runs first';

COMMENT ON COLUMN jittask.due_queue.nominal_at IS 'Instant by the rule alone';

COMMENT ON COLUMN jittask.due_queue.due_at IS 'Instant after offset and workday shift; never changed by a retry';

COMMENT ON COLUMN jittask.due_queue.run_at IS 'Earliest instant of the next claim: due_at, or later for a retry or a wait';

COMMENT ON COLUMN jittask.due_queue.lease_id IS 'Who holds it; null = nobody';

COMMENT ON COLUMN jittask.due_queue.first_claimed_at IS 'When it was claimed first; null = only planned. From then on planning leaves it alone';

COMMENT ON COLUMN jittask.due_queue.attempt IS 'Tries that ended in an error or a timeout';

COMMENT ON COLUMN jittask.due_queue.losses IS 'Tries that ended because the worker died while it held nothing else by this claim';

COMMENT ON COLUMN jittask.due_queue.suspect IS 'true: it was claimed by a worker that died, perhaps because of it; from then on it is claimed alone';

COMMENT ON COLUMN jittask.due_queue.missed IS 'How many missed occurrences it stands for';

COMMENT ON COLUMN jittask.due_queue.queue IS 'Routing';

COMMENT ON COLUMN jittask.due_queue.source_key IS 'Canonical text of the JSON object of key columns; empty for scheduled tasks and one-offs';

COMMENT ON COLUMN jittask.due_queue.handler IS 'One-off: the function; null for tasks';

COMMENT ON COLUMN jittask.due_queue.args IS 'One-off: keyword arguments; null for tasks and where there are none';

COMMENT ON COLUMN jittask.due_queue.title IS 'One-off: for people; null = none';

COMMENT ON COLUMN jittask.due_queue.dedupe_key IS 'One-off: unique among the unfinished; null = none';

COMMENT ON COLUMN jittask.due_queue.timeout IS 'One-off: longest run; null = no limit';

COMMENT ON COLUMN jittask.due_queue.max_attempts IS 'One-off: tries that errors may use up; null = 1';

COMMENT ON COLUMN jittask.due_queue.retry_delay IS 'One-off: wait before the second try; null = 10 seconds';

COMMENT ON COLUMN jittask.due_queue.created_by IS 'One-off: login role that made it; null for tasks';

CREATE TABLE jittask.backfill (
    task_id bigint NOT NULL,
    plan_no integer NOT NULL,
    after_key text COLLATE pg_catalog."C",
    gone_key text COLLATE pg_catalog."C",
    is_first boolean DEFAULT false NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint NOT NULL,
    since_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL
);

COMMENT ON TABLE jittask.backfill IS 'How far the planning of a large table has come for one task';

COMMENT ON COLUMN jittask.backfill.task_id IS 'The task';

COMMENT ON COLUMN jittask.backfill.plan_no IS 'Version of the timing that is being planned';

COMMENT ON COLUMN jittask.backfill.after_key IS 'Key of the last row planned, in the order of the key columns; null = none yet';

COMMENT ON COLUMN jittask.backfill.gone_key IS 'Once the rows are planned: key of the last planned occurrence whose row was looked for; null = rows are being planned';

COMMENT ON COLUMN jittask.backfill.is_first IS 'true: nothing was planned for the task before, so that nothing can be gone';

COMMENT ON COLUMN jittask.backfill.done IS 'Rows looked at';

COMMENT ON COLUMN jittask.backfill.total IS 'Rows of the table as estimated when it began';

COMMENT ON COLUMN jittask.backfill.since_at IS 'When the task was defined or changed: whether a date is past is judged as of then';

CREATE TABLE jittask.calendar (
    name text NOT NULL,
    country text,
    subdivision text,
    weekend integer[] DEFAULT '{0,6}'::integer[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT calendar_leaves_a_weekday_to_work CHECK ((NOT (weekend @> ARRAY[0, 1, 2, 3, 4, 5, 6]))),
    CONSTRAINT calendar_name_has_100_characters_at_most CHECK ((length(name) <= 100)),
    CONSTRAINT calendar_name_is_not_blank CHECK (((name <> ''::text) AND (name = btrim(name)))),
    CONSTRAINT calendar_weekend_holds_weekdays_0_to_6 CHECK ((weekend <@ ARRAY[0, 1, 2, 3, 4, 5, 6]))
);

COMMENT ON TABLE jittask.calendar IS 'Which days count as working days: a weekend and marked days';

COMMENT ON COLUMN jittask.calendar.name IS 'Name that tasks use, "CN" or "US-NY"';

COMMENT ON COLUMN jittask.calendar.country IS 'ISO 3166-1 code that the synced days come from; null for a calendar made by hand';

COMMENT ON COLUMN jittask.calendar.subdivision IS 'ISO 3166-2 subdivision; null for the whole country';

COMMENT ON COLUMN jittask.calendar.weekend IS 'Weekdays that are free, 0 = Sunday to 6 = Saturday';

COMMENT ON COLUMN jittask.calendar.created_at IS 'When the calendar was added';

CREATE TABLE jittask.calendar_day (
    calendar text NOT NULL,
    day date NOT NULL,
    working boolean DEFAULT false NOT NULL,
    name text,
    source text DEFAULT 'manual'::text NOT NULL,
    CONSTRAINT calendar_day_lies_in_the_years_1_to_9999 CHECK (((day >= '0001-01-01'::date) AND (day <= '9999-12-31'::date))),
    CONSTRAINT calendar_day_source_is_manual_or_sync CHECK ((source = ANY (ARRAY['manual'::text, 'sync'::text])))
);

COMMENT ON TABLE jittask.calendar_day IS 'Days that differ from the weekend rule, or are named holidays';

COMMENT ON COLUMN jittask.calendar_day.calendar IS 'The calendar it belongs to';

COMMENT ON COLUMN jittask.calendar_day.day IS 'Local day';

COMMENT ON COLUMN jittask.calendar_day.working IS 'true: a make-up working day; false: a holiday';

COMMENT ON COLUMN jittask.calendar_day.name IS 'Name of the holiday; null where nobody gave one';

COMMENT ON COLUMN jittask.calendar_day.source IS 'manual: made by hand, kept by every sync; sync: replaced by the next one';

CREATE TABLE jittask.called_off (
    task_id bigint NOT NULL,
    source_key text NOT NULL COLLATE pg_catalog."C",
    due_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE jittask.called_off IS 'Identities cancelled before they were due: not planned again when their row is written. Gone once due; history knows them';

COMMENT ON COLUMN jittask.called_off.task_id IS 'The date-field task';

COMMENT ON COLUMN jittask.called_off.source_key IS 'Canonical text of the key of the source row';

COMMENT ON COLUMN jittask.called_off.due_at IS 'The instant that was called off';

ALTER TABLE jittask.due_queue ALTER COLUMN occurrence_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jittask.due_queue_occurrence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jittask.lane (
    queue text NOT NULL COLLATE pg_catalog."C",
    priority integer NOT NULL
);

COMMENT ON TABLE jittask.lane IS 'Every pair of queue and priority in use: a claim probes each with one index descent';

COMMENT ON COLUMN jittask.lane.queue IS 'Routing';

COMMENT ON COLUMN jittask.lane.priority IS 'Smaller runs first';

CREATE TABLE jittask.lease (
    lease_id bigint NOT NULL,
    worker_id bigint NOT NULL,
    token bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    occurrence_ids bigint[] NOT NULL,
    stopping bigint[],
    progress jsonb
)
WITH (fillfactor='50');

COMMENT ON TABLE jittask.lease IS 'Time-limited ownership of the occurrences of one claim';

COMMENT ON COLUMN jittask.lease.lease_id IS 'Key; due_queue rows of the claim bear it';

COMMENT ON COLUMN jittask.lease.worker_id IS 'Who holds it';

COMMENT ON COLUMN jittask.lease.token IS 'Secret number of the claim; every later write of the worker proves itself by it';

COMMENT ON COLUMN jittask.lease.claimed_at IS 'When the claim was made';

COMMENT ON COLUMN jittask.lease.expires_at IS 'Past this the sweep takes the occurrences back';

COMMENT ON COLUMN jittask.lease.occurrence_ids IS 'What was claimed; finished ones stay listed until the lease ends';

COMMENT ON COLUMN jittask.lease.stopping IS 'Occurrences whose run somebody asked to end; null = none';

COMMENT ON COLUMN jittask.lease.progress IS 'By occurrence id, how far its run has come: {"7": {"done": 40, "total": 100, "message": "…", "at": "…"}}; null = no run said';

CREATE VIEW jittask.open_occurrence AS
 SELECT q.occurrence_id,
    q.task_id,
    q.source_key,
    q.nominal_at,
    q.due_at,
    q.run_at,
    q.queue,
    q.priority,
    q.attempt,
    q.missed,
    q.first_claimed_at,
    t.name AS task_name,
    t.kind,
    t.misfire_grace
   FROM ((jittask.due_queue q
     JOIN jittask.plan p ON (((p.task_id = q.task_id) AND (p.plan_no = q.plan_no))))
     JOIN jittask.task t ON (((t.task_id = q.task_id) AND (t.paused_at IS NULL))))
  WHERE ((q.lease_id IS NULL) AND (q.first_claimed_at IS NULL))
UNION ALL
 SELECT q.occurrence_id,
    q.task_id,
    q.source_key,
    q.nominal_at,
    q.due_at,
    q.run_at,
    q.queue,
    q.priority,
    q.attempt,
    q.missed,
    q.first_claimed_at,
    COALESCE(q.title, t.name, q.handler) AS task_name,
        CASE
            WHEN (q.task_id IS NULL) THEN 'one_off'::text
            ELSE COALESCE(t.kind,
            CASE
                WHEN (q.source_key = ''::text) THEN 'scheduled'::text
                ELSE 'date_field'::text
            END)
        END AS kind,
    COALESCE(t.misfire_grace, '00:01:00'::interval) AS misfire_grace
   FROM (jittask.due_queue q
     LEFT JOIN jittask.task t ON ((t.task_id = q.task_id)))
  WHERE ((q.lease_id IS NULL) AND ((q.plan_no IS NULL) OR (q.first_claimed_at IS NOT NULL)));

COMMENT ON VIEW jittask.open_occurrence IS 'Occurrences that nobody holds; the part that waiting and execution_record share';

CREATE TABLE jittask.run_history (
    occurrence_id bigint NOT NULL,
    task_id bigint,
    nominal_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    missed integer DEFAULT 0 NOT NULL,
    outcome text NOT NULL,
    worker text,
    task_name text NOT NULL,
    kind text NOT NULL,
    source_key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    queue text NOT NULL COLLATE pg_catalog."C",
    priority integer NOT NULL,
    result jsonb,
    error text,
    log text,
    handler text,
    args jsonb,
    title text,
    timeout interval,
    max_attempts integer,
    retry_delay interval,
    created_by text,
    CONSTRAINT run_history_outcome_is_known CHECK ((outcome = ANY (ARRAY['completed'::text, 'error'::text, 'timed_out'::text, 'lost'::text, 'cancelled'::text, 'skipped'::text])))
)
PARTITION BY RANGE (finished_at);

COMMENT ON TABLE jittask.run_history IS 'One final row per occurrence that ended; partitioned by finished_at';

COMMENT ON COLUMN jittask.run_history.occurrence_id IS 'The occurrence, as it was called in the due queue';

COMMENT ON COLUMN jittask.run_history.task_id IS 'Its task; null for a one-off';

COMMENT ON COLUMN jittask.run_history.nominal_at IS 'Instant by the rule alone';

COMMENT ON COLUMN jittask.run_history.due_at IS 'Instant at which it was due';

COMMENT ON COLUMN jittask.run_history.started_at IS 'When the function was called; null = it never was';

COMMENT ON COLUMN jittask.run_history.finished_at IS 'When it ended';

COMMENT ON COLUMN jittask.run_history.attempt IS 'Number of the last run, from 1; 0 = it never ran';

COMMENT ON COLUMN jittask.run_history.losses IS 'Runs lost because a worker died that held nothing else by this claim';

COMMENT ON COLUMN jittask.run_history.missed IS 'How many missed or skipped occurrences it stands for';

COMMENT ON COLUMN jittask.run_history.outcome IS 'completed, error, timed_out, lost, cancelled or skipped';

COMMENT ON COLUMN jittask.run_history.worker IS 'Who ran it; null = nobody';

COMMENT ON COLUMN jittask.run_history.task_name IS 'Name of the task when the run began; of a one-off its title, else its function';

COMMENT ON COLUMN jittask.run_history.kind IS 'scheduled, date_field or one_off';

COMMENT ON COLUMN jittask.run_history.source_key IS 'Canonical text of the key of the source row; empty without one';

COMMENT ON COLUMN jittask.run_history.queue IS 'Routing';

COMMENT ON COLUMN jittask.run_history.priority IS 'Smaller ran first';

COMMENT ON COLUMN jittask.run_history.result IS 'What the function returned; null = nothing';

COMMENT ON COLUMN jittask.run_history.error IS 'Error, or the reason why it was skipped or cancelled; null = none';

COMMENT ON COLUMN jittask.run_history.log IS 'Captured log lines; null = not captured';

COMMENT ON COLUMN jittask.run_history.handler IS 'One-off: the function; null for tasks';

COMMENT ON COLUMN jittask.run_history.args IS 'One-off: keyword arguments; null for tasks and where there were none';

COMMENT ON COLUMN jittask.run_history.title IS 'One-off: for people; null = none';

COMMENT ON COLUMN jittask.run_history.timeout IS 'One-off: longest run; null = no limit';

COMMENT ON COLUMN jittask.run_history.max_attempts IS 'One-off: tries that errors could use up; null = 1';

COMMENT ON COLUMN jittask.run_history.retry_delay IS 'One-off: wait before the second try; null = 10 seconds';

COMMENT ON COLUMN jittask.run_history.created_by IS 'One-off: login role that made it; null for tasks';

CREATE TABLE jittask.worker (
    worker_id bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    queues text[],
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    sleeps boolean DEFAULT false NOT NULL,
    in_database boolean DEFAULT false NOT NULL
)
WITH (fillfactor='50');

COMMENT ON TABLE jittask.worker IS 'Worker processes now running or lately lost';

COMMENT ON COLUMN jittask.worker.worker_id IS 'Key; a restarted process gets a new one';

COMMENT ON COLUMN jittask.worker.name IS 'Name in the records, host:pid by default';

COMMENT ON COLUMN jittask.worker.host IS 'Host name';

COMMENT ON COLUMN jittask.worker.pid IS 'Process id on that host';

COMMENT ON COLUMN jittask.worker.version IS 'Version of the package it runs; of a session of the database, that of the schema';

COMMENT ON COLUMN jittask.worker.queues IS 'Queues it serves; null = all';

COMMENT ON COLUMN jittask.worker.started_at IS 'When it started, by the wall clock';

COMMENT ON COLUMN jittask.worker.seen_at IS 'When it was last heard of, by the wall clock';

COMMENT ON COLUMN jittask.worker.sleeps IS 'true: it waits for a notification; writers notify only then';

COMMENT ON COLUMN jittask.worker.in_database IS 'true: a session of this database, pid is that of its server process; runs functions of the database only';

CREATE VIEW jittask.execution_record AS
 SELECT o.occurrence_id,
    o.task_id,
    o.task_name,
    o.kind,
    (NULLIF(o.source_key, ''::text))::jsonb AS source_key,
    o.nominal_at,
    o.due_at,
    'pending'::text AS status,
    o.attempt,
    NULL::text AS worker,
    NULL::timestamp with time zone AS started_at,
    NULL::timestamp with time zone AS finished_at,
    NULL::interval AS duration,
    o.missed,
    NULL::jsonb AS result,
    NULL::text AS error,
    NULL::jsonb AS progress,
    NULL::text AS log
   FROM jittask.open_occurrence o
  WHERE ((o.first_claimed_at IS NOT NULL) OR (o.run_at >= (jittask.now() - o.misfire_grace)))
UNION ALL
 SELECT o.occurrence_id,
    o.task_id,
    o.task_name,
    o.kind,
    (NULLIF(o.source_key, ''::text))::jsonb AS source_key,
    o.nominal_at,
    o.due_at,
    'overdue'::text AS status,
    o.attempt,
    NULL::text AS worker,
    NULL::timestamp with time zone AS started_at,
    NULL::timestamp with time zone AS finished_at,
    NULL::interval AS duration,
    o.missed,
    NULL::jsonb AS result,
    NULL::text AS error,
    NULL::jsonb AS progress,
    NULL::text AS log
   FROM (jittask.lane l
     JOIN jittask.open_occurrence o ON (((o.queue = l.queue) AND (o.priority = l.priority) AND (o.run_at < jittask.now()))))
  WHERE ((o.first_claimed_at IS NULL) AND (o.run_at < (jittask.now() - o.misfire_grace)))
UNION ALL
 SELECT q.occurrence_id,
    q.task_id,
    COALESCE(q.title, t.name, q.handler) AS task_name,
        CASE
            WHEN (q.task_id IS NULL) THEN 'one_off'::text
            ELSE COALESCE(t.kind,
            CASE
                WHEN (q.source_key = ''::text) THEN 'scheduled'::text
                ELSE 'date_field'::text
            END)
        END AS kind,
    (NULLIF(q.source_key, ''::text))::jsonb AS source_key,
    q.nominal_at,
    q.due_at,
    'executing'::text AS status,
    (q.attempt + 1) AS attempt,
    w.name AS worker,
    l.claimed_at AS started_at,
    NULL::timestamp with time zone AS finished_at,
    (jittask.now() - l.claimed_at) AS duration,
    q.missed,
    NULL::jsonb AS result,
    NULL::text AS error,
        CASE
            WHEN ( SELECT jittask.sees_results() AS sees_results) THEN (l.progress -> (q.occurrence_id)::text)
            ELSE ((l.progress -> (q.occurrence_id)::text) - 'message'::text)
        END AS progress,
    NULL::text AS log
   FROM ((((jittask.lease l
     CROSS JOIN LATERAL unnest(l.occurrence_ids) i(occurrence_id))
     JOIN jittask.due_queue q ON (((q.occurrence_id = i.occurrence_id) AND (q.lease_id = l.lease_id))))
     LEFT JOIN jittask.task t ON ((t.task_id = q.task_id)))
     LEFT JOIN jittask.worker w ON ((w.worker_id = l.worker_id)))
UNION ALL
 SELECT h.occurrence_id,
    h.task_id,
    h.task_name,
    h.kind,
    (NULLIF(h.source_key, ''::text))::jsonb AS source_key,
    h.nominal_at,
    h.due_at,
    h.outcome AS status,
    h.attempt,
    h.worker,
    h.started_at,
    h.finished_at,
    (h.finished_at - h.started_at) AS duration,
    h.missed,
        CASE
            WHEN ( SELECT jittask.sees_results() AS sees_results) THEN h.result
            ELSE NULL::jsonb
        END AS result,
        CASE
            WHEN ( SELECT jittask.sees_results() AS sees_results) THEN h.error
            ELSE NULL::text
        END AS error,
    NULL::jsonb AS progress,
        CASE
            WHEN ( SELECT jittask.sees_results() AS sees_results) THEN h.log
            ELSE NULL::text
        END AS log
   FROM jittask.run_history h;

COMMENT ON VIEW jittask.execution_record IS 'Execution records: one row per occurrence that exists or has ended';

CREATE TABLE jittask.function_digest (
    path text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE jittask.function_digest IS 'Which content of each file of sql/ is installed; any difference makes the runner reapply them all';

COMMENT ON COLUMN jittask.function_digest.path IS 'Path of the file below sql/';

COMMENT ON COLUMN jittask.function_digest.digest IS 'SHA-256 of its content, hexadecimal';

COMMENT ON COLUMN jittask.function_digest.applied_at IS 'When it was applied, by the wall clock';

ALTER TABLE jittask.lease ALTER COLUMN lease_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jittask.lease_lease_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jittask.migration (
    version integer NOT NULL,
    name text NOT NULL,
    previous integer GENERATED ALWAYS AS (NULLIF((version - 1), 0)) STORED,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT migration_version_counts_from_1 CHECK ((version >= 1))
);

COMMENT ON TABLE jittask.migration IS 'Ledger of the schema: each file of migrations/ registers itself with its last statement';

COMMENT ON COLUMN jittask.migration.version IS 'Number of the file';

COMMENT ON COLUMN jittask.migration.name IS 'What the file adds';

COMMENT ON COLUMN jittask.migration.previous IS 'The migration that must be there before; null for the first. Its foreign key refuses gaps';

COMMENT ON COLUMN jittask.migration.applied_at IS 'When it was applied, by the wall clock';

CREATE VIEW jittask.own_record AS
 SELECT r.occurrence_id,
    r.task_id,
    r.task_name,
    r.kind,
    r.source_key,
    r.nominal_at,
    r.due_at,
    r.status,
    r.attempt,
    r.worker,
    r.started_at,
    r.finished_at,
    r.duration,
    r.missed,
    r.result,
    r.error,
    r.progress,
    r.log
   FROM jittask.execution_record r
  WHERE (r.occurrence_id IN ( SELECT q.occurrence_id
           FROM jittask.due_queue q
          WHERE (q.created_by = SESSION_USER)
        UNION ALL
         SELECT h.occurrence_id
           FROM jittask.run_history h
          WHERE (h.created_by = SESSION_USER)));

COMMENT ON VIEW jittask.own_record IS 'Execution records of the one-offs that the login role enqueued itself';

CREATE TABLE jittask.paused_queue (
    queue text NOT NULL COLLATE pg_catalog."C",
    paused_at timestamp with time zone NOT NULL,
    paused_by text DEFAULT SESSION_USER NOT NULL
);

COMMENT ON TABLE jittask.paused_queue IS 'Queues from which nothing is claimed';

COMMENT ON COLUMN jittask.paused_queue.queue IS 'Name of the queue';

COMMENT ON COLUMN jittask.paused_queue.paused_at IS 'Since when';

COMMENT ON COLUMN jittask.paused_queue.paused_by IS 'Login role that paused it';

CREATE TABLE jittask.reconciled (
    task_id bigint NOT NULL,
    after_key text[],
    gone_key text COLLATE pg_catalog."C",
    ended_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE jittask.reconciled IS 'How far the sweep has come with comparing source rows and due queue, for each date-field task';

COMMENT ON COLUMN jittask.reconciled.task_id IS 'The task';

COMMENT ON COLUMN jittask.reconciled.after_key IS 'Key of the last row compared, as texts; null = none yet';

COMMENT ON COLUMN jittask.reconciled.gone_key IS 'Once the rows are compared: key of the last planned occurrence whose row was looked for; null = not there yet';

COMMENT ON COLUMN jittask.reconciled.ended_at IS 'When it last came to the end, or the task was first seen, by the wall clock';

CREATE TABLE jittask.replan (
    replan_id bigint NOT NULL,
    task_id bigint,
    source_key text COLLATE pg_catalog."C",
    source_table text,
    reason text NOT NULL,
    noted_at timestamp with time zone DEFAULT COALESCE((NULLIF(current_setting('jittask.fake_now'::text, true), ''::text))::timestamp with time zone, GREATEST(statement_timestamp(), transaction_timestamp())) NOT NULL,
    source_keys text[] COLLATE pg_catalog."C",
    writers text[]
);

COMMENT ON TABLE jittask.replan IS 'What must be planned anew; only inserted into, drained by the sweep';

COMMENT ON COLUMN jittask.replan.replan_id IS 'Key, order of arrival';

COMMENT ON COLUMN jittask.replan.task_id IS 'The task; null = every task of source_table';

COMMENT ON COLUMN jittask.replan.source_key IS 'The source row; null = those of source_keys, or all rows of the task';

COMMENT ON COLUMN jittask.replan.source_table IS 'The table, where task_id is null; else null';

COMMENT ON COLUMN jittask.replan.reason IS 'Why';

COMMENT ON COLUMN jittask.replan.noted_at IS 'When it was noted, by jittask.now(): whether a date is past is judged as of then';

COMMENT ON COLUMN jittask.replan.source_keys IS 'Many source rows at once; null = none';

COMMENT ON COLUMN jittask.replan.writers IS 'Virtual transactions that wrote to the table meanwhile: planned when all have ended; {} = look for them; null = plan at once';

ALTER TABLE jittask.replan ALTER COLUMN replan_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jittask.replan_replan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jittask.run_attempt (
    occurrence_id bigint NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    worker text,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    result jsonb,
    error text,
    CONSTRAINT run_attempt_outcome_is_known CHECK ((outcome = ANY (ARRAY['error'::text, 'timed_out'::text, 'lost'::text, 'snoozed'::text, 'superseded'::text, 'released'::text])))
);

COMMENT ON TABLE jittask.run_attempt IS 'One row for each try that did not end its occurrence';

COMMENT ON COLUMN jittask.run_attempt.occurrence_id IS 'The occurrence';

COMMENT ON COLUMN jittask.run_attempt.attempt IS 'Number of the run, from 1';

COMMENT ON COLUMN jittask.run_attempt.outcome IS 'error or timed_out (retried), lost (the worker died), snoozed, superseded (its lease was no longer held), released (given back)';

COMMENT ON COLUMN jittask.run_attempt.worker IS 'Who ran it; null = unknown';

COMMENT ON COLUMN jittask.run_attempt.started_at IS 'When the function was called; null = it never was';

COMMENT ON COLUMN jittask.run_attempt.finished_at IS 'When the try ended or was found lost';

COMMENT ON COLUMN jittask.run_attempt.result IS 'What a superseded run returned; null = nothing';

COMMENT ON COLUMN jittask.run_attempt.error IS 'Error or reason; null = none';

CREATE TABLE jittask.run_history_default (
    occurrence_id bigint NOT NULL,
    task_id bigint,
    nominal_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    missed integer DEFAULT 0 NOT NULL,
    outcome text NOT NULL,
    worker text,
    task_name text NOT NULL,
    kind text NOT NULL,
    source_key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    queue text NOT NULL COLLATE pg_catalog."C",
    priority integer NOT NULL,
    result jsonb,
    error text,
    log text,
    handler text,
    args jsonb,
    title text,
    timeout interval,
    max_attempts integer,
    retry_delay interval,
    created_by text,
    CONSTRAINT run_history_outcome_is_known CHECK ((outcome = ANY (ARRAY['completed'::text, 'error'::text, 'timed_out'::text, 'lost'::text, 'cancelled'::text, 'skipped'::text])))
);

CREATE TABLE jittask.running (
    task_id bigint NOT NULL,
    occurrence_id bigint NOT NULL
);

COMMENT ON TABLE jittask.running IS 'Claimed occurrences of tasks with max_running; counted under the lock of their plan row';

COMMENT ON COLUMN jittask.running.task_id IS 'A task with max_running';

COMMENT ON COLUMN jittask.running.occurrence_id IS 'A claimed occurrence of it';

CREATE TABLE jittask.series (
    task_id bigint NOT NULL,
    source_key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    anchor_at timestamp with time zone NOT NULL,
    runs bigint DEFAULT 0 NOT NULL,
    cursor_at timestamp with time zone NOT NULL,
    end_at timestamp with time zone
)
WITH (fillfactor='70');

COMMENT ON TABLE jittask.series IS 'Count and cursor: one row per scheduled task, and per source row of repeating date-field tasks';

COMMENT ON COLUMN jittask.series.task_id IS 'Its task';

COMMENT ON COLUMN jittask.series.source_key IS 'Canonical text of the key of the source row; empty for scheduled tasks';

COMMENT ON COLUMN jittask.series.anchor_at IS 'Nominal instant of the first occurrence; a row whose date gives another starts a new series';

COMMENT ON COLUMN jittask.series.runs IS 'Occurrences put to work by the rule';

COMMENT ON COLUMN jittask.series.cursor_at IS 'Whatever is due up to here was put to work or passed over: the next occurrence is the first one due after it';

COMMENT ON COLUMN jittask.series.end_at IS 'End that the source row gives, inclusive; null = none';

CREATE TABLE jittask.setting (
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT setting_name_is_known CHECK ((name = ANY (ARRAY['timezone'::text, 'history_retention'::text, 'poll_interval'::text, 'lease_duration'::text, 'notify'::text]))),
    CONSTRAINT setting_notify_is_on_or_off CHECK (((name <> 'notify'::text) OR (value = ANY (ARRAY['on'::text, 'off'::text]))))
);

COMMENT ON TABLE jittask.setting IS 'Settings of this installation, for all its workers and writers';

COMMENT ON COLUMN jittask.setting.name IS 'timezone: IANA name used where a task has none; history_retention: how long history is kept; poll_interval: the longest sleep of a worker; lease_duration: how long a claim holds without renewal; notify: on or off, whether writers wake sleeping workers';

COMMENT ON COLUMN jittask.setting.value IS 'Text form of the value';

ALTER TABLE jittask.task ALTER COLUMN task_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME jittask.task_task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW jittask.waiting AS
 SELECT o.occurrence_id,
    o.task_id,
    (NULLIF(o.source_key, ''::text))::jsonb AS source_key,
    o.nominal_at,
    o.due_at,
    o.run_at,
    o.queue,
    o.priority,
    o.attempt
   FROM jittask.open_occurrence o;

COMMENT ON VIEW jittask.waiting IS 'What is planned; always equal to jittask.recompute, up to rows listed in replan';

ALTER TABLE jittask.worker ALTER COLUMN worker_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jittask.worker_worker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jittask.zone (
    name text NOT NULL COLLATE pg_catalog."C",
    seen_from date,
    fingerprint text
);

COMMENT ON TABLE jittask.zone IS 'Zone names as pg_timezone_names spelled them at installation; canonical_timezone looks here first';

COMMENT ON COLUMN jittask.zone.name IS 'IANA name, "Europe/Berlin"';

COMMENT ON COLUMN jittask.zone.seen_from IS 'First day of the four years that the fingerprint covers; null = no task uses the zone';

COMMENT ON COLUMN jittask.zone.fingerprint IS 'Of its offsets when tasks were planned by it; another one means that the zone database changed';

ALTER TABLE ONLY jittask.run_history ATTACH PARTITION jittask.run_history_default DEFAULT;

ALTER TABLE ONLY jittask.backfill
    ADD CONSTRAINT backfill_runs_once_per_task PRIMARY KEY (task_id);

ALTER TABLE ONLY jittask.calendar_day
    ADD CONSTRAINT calendar_day_is_marked_once PRIMARY KEY (calendar, day);

ALTER TABLE ONLY jittask.calendar
    ADD CONSTRAINT calendar_name_is_unique PRIMARY KEY (name);

ALTER TABLE ONLY jittask.due_queue
    ADD CONSTRAINT due_queue_occurrence_id_is_unique PRIMARY KEY (occurrence_id);

ALTER TABLE ONLY jittask.function_digest
    ADD CONSTRAINT function_file_is_known_once PRIMARY KEY (path);

ALTER TABLE ONLY jittask.called_off
    ADD CONSTRAINT identity_is_called_off_once PRIMARY KEY (task_id, source_key, due_at);

ALTER TABLE ONLY jittask.lane
    ADD CONSTRAINT lane_is_listed_once PRIMARY KEY (queue, priority);

ALTER TABLE ONLY jittask.lease
    ADD CONSTRAINT lease_id_is_unique PRIMARY KEY (lease_id);

ALTER TABLE ONLY jittask.migration
    ADD CONSTRAINT migration_is_applied_once PRIMARY KEY (version);

ALTER TABLE ONLY jittask.paused_queue
    ADD CONSTRAINT paused_queue_is_listed_once PRIMARY KEY (queue);

ALTER TABLE ONLY jittask.replan
    ADD CONSTRAINT replan_id_is_unique PRIMARY KEY (replan_id);

ALTER TABLE ONLY jittask.running
    ADD CONSTRAINT running_occurrence_counts_once PRIMARY KEY (task_id, occurrence_id);

ALTER TABLE ONLY jittask.series
    ADD CONSTRAINT series_is_kept_once PRIMARY KEY (task_id, source_key);

ALTER TABLE ONLY jittask.setting
    ADD CONSTRAINT setting_is_given_once PRIMARY KEY (name);

ALTER TABLE ONLY jittask.plan
    ADD CONSTRAINT task_has_one_plan PRIMARY KEY (task_id);

ALTER TABLE ONLY jittask.task
    ADD CONSTRAINT task_is_known_by_its_id PRIMARY KEY (task_id);

ALTER TABLE ONLY jittask.reconciled
    ADD CONSTRAINT task_is_reconciled_at_one_place PRIMARY KEY (task_id);

ALTER TABLE ONLY jittask.task
    ADD CONSTRAINT task_name_is_unique UNIQUE (name);

ALTER TABLE ONLY jittask.watch
    ADD CONSTRAINT watch_function_serves_one_table UNIQUE (function_name);

ALTER TABLE ONLY jittask.watch
    ADD CONSTRAINT watch_stands_once_per_table PRIMARY KEY (source_table);

ALTER TABLE ONLY jittask.worker
    ADD CONSTRAINT worker_id_is_unique PRIMARY KEY (worker_id);

ALTER TABLE ONLY jittask.zone
    ADD CONSTRAINT zone_is_listed_once PRIMARY KEY (name);

CREATE UNIQUE INDEX due_queue_dedupe_key_is_unique_among_unfinished ON jittask.due_queue USING btree (dedupe_key) WHERE (dedupe_key IS NOT NULL);

CREATE UNIQUE INDEX due_queue_identity_is_planned_once ON jittask.due_queue USING btree (task_id, source_key, due_at) WHERE (task_id IS NOT NULL);

CREATE INDEX due_queue_in_claim_order ON jittask.due_queue USING btree (queue, priority, run_at, occurrence_id);

CREATE INDEX lease_by_worker ON jittask.lease USING btree (worker_id);

CREATE INDEX plan_of_internal_function ON jittask.plan USING btree (task_id) WHERE (handler IS NULL);

CREATE INDEX run_attempt_by_occurrence ON jittask.run_attempt USING btree (occurrence_id);

CREATE INDEX run_attempt_by_time ON jittask.run_attempt USING brin (finished_at);

CREATE INDEX run_history_by_time ON ONLY jittask.run_history USING btree (due_at);

CREATE INDEX run_history_by_occurrence ON ONLY jittask.run_history USING btree (occurrence_id);

CREATE INDEX run_history_not_completed ON ONLY jittask.run_history USING btree (outcome, due_at) WHERE (outcome <> 'completed'::text);

CREATE INDEX run_history_by_task ON ONLY jittask.run_history USING btree (task_id, due_at, source_key) WHERE (task_id IS NOT NULL);

CREATE INDEX run_history_by_name ON ONLY jittask.run_history USING btree (task_name, due_at);

CREATE INDEX run_history_default_due_at_idx ON jittask.run_history_default USING btree (due_at);

CREATE INDEX run_history_default_occurrence_id_idx ON jittask.run_history_default USING btree (occurrence_id);

CREATE INDEX run_history_default_outcome_due_at_idx ON jittask.run_history_default USING btree (outcome, due_at) WHERE (outcome <> 'completed'::text);

CREATE INDEX run_history_default_task_id_due_at_source_key_idx ON jittask.run_history_default USING btree (task_id, due_at, source_key) WHERE (task_id IS NOT NULL);

CREATE INDEX run_history_default_task_name_due_at_idx ON jittask.run_history_default USING btree (task_name, due_at);

CREATE INDEX task_by_calendar ON jittask.task USING btree (calendar) WHERE (calendar IS NOT NULL);

CREATE INDEX task_by_source_table ON jittask.task USING btree (source_table) WHERE (source_table IS NOT NULL);

CREATE UNIQUE INDEX zone_by_lower_name ON jittask.zone USING btree (lower(name));

ALTER INDEX jittask.run_history_by_time ATTACH PARTITION jittask.run_history_default_due_at_idx;

ALTER INDEX jittask.run_history_by_occurrence ATTACH PARTITION jittask.run_history_default_occurrence_id_idx;

ALTER INDEX jittask.run_history_not_completed ATTACH PARTITION jittask.run_history_default_outcome_due_at_idx;

ALTER INDEX jittask.run_history_by_task ATTACH PARTITION jittask.run_history_default_task_id_due_at_source_key_idx;

ALTER INDEX jittask.run_history_by_name ATTACH PARTITION jittask.run_history_default_task_name_due_at_idx;

CREATE TRIGGER calendar_days_added AFTER INSERT ON jittask.calendar_day REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT EXECUTE FUNCTION jittask.calendar_days_changed();

CREATE TRIGGER calendar_days_altered AFTER UPDATE ON jittask.calendar_day REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row FOR EACH STATEMENT EXECUTE FUNCTION jittask.calendar_days_changed();

CREATE TRIGGER calendar_days_removed AFTER DELETE ON jittask.calendar_day REFERENCING OLD TABLE AS old_row FOR EACH STATEMENT EXECUTE FUNCTION jittask.calendar_days_changed();

CREATE TRIGGER calendar_weekend_altered AFTER UPDATE ON jittask.calendar FOR EACH ROW WHEN ((old.weekend IS DISTINCT FROM new.weekend)) EXECUTE FUNCTION jittask.calendar_changed();

CREATE TRIGGER setting_changed AFTER UPDATE ON jittask.setting FOR EACH ROW WHEN (((new.name = 'timezone'::text) AND (new.value IS DISTINCT FROM old.value))) EXECUTE FUNCTION jittask.setting_changed();

CREATE TRIGGER setting_check BEFORE INSERT OR DELETE OR UPDATE ON jittask.setting FOR EACH ROW EXECUTE FUNCTION jittask.setting_check();

CREATE TRIGGER task_0_check BEFORE INSERT OR UPDATE ON jittask.task FOR EACH ROW EXECUTE FUNCTION jittask.task_0_check();

CREATE TRIGGER task_1_normalise BEFORE INSERT OR UPDATE ON jittask.task FOR EACH ROW EXECUTE FUNCTION jittask.task_1_normalise();

CREATE TRIGGER task_2_attach_changed AFTER UPDATE ON jittask.task FOR EACH ROW WHEN (((new.kind = 'date_field'::text) AND (new.paused_at IS NULL) AND (jittask.timing_of(old.*) IS DISTINCT FROM jittask.timing_of(new.*)) AND (COALESCE(current_setting('jittask.follows'::text, true), ''::text) <> 'on'::text))) EXECUTE FUNCTION jittask.task_2_attach();

CREATE TRIGGER task_2_attach_new AFTER INSERT ON jittask.task FOR EACH ROW WHEN (((new.kind = 'date_field'::text) AND (new.paused_at IS NULL))) EXECUTE FUNCTION jittask.task_2_attach();

CREATE TRIGGER task_3_plan_changed AFTER UPDATE ON jittask.task FOR EACH ROW WHEN ((((old.*)::text IS DISTINCT FROM (new.*)::text) AND (COALESCE(current_setting('jittask.follows'::text, true), ''::text) <> 'on'::text))) EXECUTE FUNCTION jittask.task_3_plan();

CREATE TRIGGER task_3_plan_new AFTER INSERT ON jittask.task FOR EACH ROW EXECUTE FUNCTION jittask.task_3_plan();

CREATE TRIGGER task_4_forget AFTER DELETE ON jittask.task FOR EACH ROW EXECUTE FUNCTION jittask.task_4_forget();

ALTER TABLE ONLY jittask.calendar_day
    ADD CONSTRAINT calendar_of_the_day_exists FOREIGN KEY (calendar) REFERENCES jittask.calendar(name) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY jittask.migration
    ADD CONSTRAINT migrations_are_applied_in_order_without_gaps FOREIGN KEY (previous) REFERENCES jittask.migration(version);

ALTER TABLE ONLY jittask.plan
    ADD CONSTRAINT plan_belongs_to_a_task FOREIGN KEY (task_id) REFERENCES jittask.task(task_id) ON DELETE CASCADE;

ALTER TABLE ONLY jittask.task
    ADD CONSTRAINT task_calendar_exists FOREIGN KEY (calendar) REFERENCES jittask.calendar(name) ON UPDATE CASCADE;
