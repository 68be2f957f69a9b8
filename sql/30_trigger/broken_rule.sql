-- The first rule of the table task that a row breaks, in words: what the constraint of that name
-- would refuse with its name alone. Null = none. The constraints stay what decides; a test holds the
-- two together. One expression, because every task that is written pays for it: texts are made for the rule
-- that is broken only. Caller: the task's first trigger.
create or replace function jittask.broken_rule(
  p_task jittask.task,
  out rule text,
  out message text,
  out hint text
)
returns record
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_calendar_exists bool := true;
  -- Name of the rule, field, value, what else is wrong, way out.
  v_broken text[];
begin
  if p_task.calendar is not null then
    v_calendar_exists := exists (select from jittask.calendar c where c.name = p_task.calendar);
  end if;
  v_broken := case
    when not (p_task.name <> '' and p_task.name = btrim(p_task.name)) then array[
      'task_name_is_not_blank', 'name', p_task.name, null,
      'Give a name such as "sales_report", without blanks around it'
    ]
    when not (p_task.name !~ '[[:cntrl:]]' and length(p_task.name) <= 200) then array[
      'task_name_is_one_line_of_200_characters_at_most', 'name', regexp_replace(p_task.name, '[[:cntrl:]]', '?', 'g'), 'which is too long or more than one line',
      'Give one line of 200 characters at most; title may say more'
    ]
    when not (btrim(p_task.title) <> '') then array[
      'task_title_is_not_blank', 'title', p_task.title, null,
      'Leave it out where the name says it'
    ]
    when not (p_task.kind in ('scheduled', 'date_field')) then array[
      'task_kind_is_scheduled_or_date_field', 'kind', p_task.kind, null,
      'Give scheduled or date_field; a one-off is made by jittask.enqueue'
    ]
    when not (num_nonnulls(p_task.handler, p_task.source) > 0) then array[
      'task_has_exactly_one_of_handler_and_source', 'handler', '', 'and source is missing too',
      'Give the function as handler, or its Python source as source'
    ]
    when not (num_nonnulls(p_task.handler, p_task.source) < 2) then array[
      'task_has_exactly_one_of_handler_and_source', 'handler', p_task.handler, 'but source is given too',
      'Give one of the two'
    ]
    when not (p_task.handler <> '' and p_task.handler = btrim(p_task.handler)) then array[
      'task_handler_is_not_blank', 'handler', p_task.handler, null,
      'Give a registered name, a dotted path such as "services.OrderSvc.autoCancel", or sql:schema.function'
    ]
    when not (length(p_task.handler) <= 500) then array[
      'task_handler_has_500_characters_at_most', 'handler', p_task.handler, 'cut here, which is too long',
      'Give 500 characters at most'
    ]
    when not (btrim(p_task.source) <> '') then array[
      'task_source_is_not_blank', 'source', p_task.source, null,
      'Give Python source that defines run'
    ]
    when not (jsonb_typeof(p_task.args) = 'object') then array[
      'task_args_is_a_json_object', 'args', jsonb_typeof(p_task.args), 'not an object',
      'Give the keyword arguments as an object, {"order_id": 7}'
    ]
    when not (
      p_task.repeat in ('none', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'interval', 'cron')
    ) then array[
      'task_repeat_is_a_known_cycle', 'repeat', p_task.repeat, null,
      'Give none, hourly, daily, weekly, monthly, yearly, interval or cron'
    ]
    when not (p_task.every between 1 and 1000000) then array[
      'task_every_counts_whole_cycles_from_1', 'every', p_task.every::text, null,
      'Give a whole number from 1 to 1000000'
    ]
    when not (p_task.every = 1 or p_task.repeat in ('hourly', 'daily', 'weekly', 'monthly', 'yearly')) then array[
      'task_every_is_for_hourly_to_yearly', 'every', p_task.every::text, format('but repeat is "%s"', p_task.repeat),
      'Leave every at 1; it counts cycles of hourly, daily, weekly, monthly and yearly'
    ]
    when not (p_task.period is not null or p_task.repeat <> 'interval') then array[
      'task_period_is_given_for_interval_only', 'repeat', p_task.repeat, 'but period is missing',
      'Give the time between runs, such as "90 minutes"'
    ]
    when not (p_task.period is null or p_task.repeat = 'interval') then array[
      'task_period_is_given_for_interval_only', 'period', p_task.period::text, format('but repeat is "%s"', p_task.repeat),
      'Set repeat to interval, or leave period out'
    ]
    when not (extract(year from p_task.period) = 0 and extract(month from p_task.period) = 0) then array[
      'task_period_has_no_months_or_years', 'period', p_task.period::text, 'which holds months or years',
      'Use repeat monthly or yearly with every, or give days and smaller units'
    ]
    when not (p_task.period between interval '1 second' and interval '100000 days') then array[
      'task_period_is_1_second_to_100000_days', 'period', p_task.period::text, null,
      'Give 1 second to 100000 days'
    ]
    when not (p_task.cron is not null or p_task.repeat <> 'cron') then array[
      'task_cron_is_given_for_repeat_cron_only', 'repeat', p_task.repeat, 'but cron is missing',
      'Give an expression, such as "0 9 * * MON-FRI"'
    ]
    when not (p_task.cron is null or p_task.repeat = 'cron') then array[
      'task_cron_is_given_for_repeat_cron_only', 'cron', p_task.cron, format('but repeat is "%s"', p_task.repeat),
      'Set repeat to cron, or leave cron out'
    ]
    when not (p_task.month_overflow in ('clamp', 'skip')) then array[
      'task_month_overflow_is_clamp_or_skip', 'month_overflow', p_task.month_overflow, null,
      'Give clamp or skip'
    ]
    when not (
      p_task.start_at >= '0002-01-01 00:00:00+00' and p_task.start_at < '9999-01-01 00:00:00+00'
    ) then array[
      'task_start_at_lies_in_the_years_2_to_9998', 'start_at', p_task.start_at::text, null,
      'Give an instant of the years 2 to 9998'
    ]
    when not (p_task.end_at >= '0002-01-01 00:00:00+00' and p_task.end_at < '10000-01-01 00:00:00+00') then array[
      'task_end_at_lies_in_the_years_2_to_9999', 'end_at', p_task.end_at::text, null,
      'Give an instant of the years 2 to 9999, or leave it out for no end'
    ]
    when not (p_task.end_at >= p_task.start_at) then array[
      'task_end_at_is_not_before_start_at', 'end_at', p_task.end_at::text, format('which is before start_at, "%s"', p_task.start_at),
      'Give an end at or after the start'
    ]
    when not (p_task.max_runs >= 1) then array[
      'task_max_runs_is_1_or_more', 'max_runs', p_task.max_runs::text, null,
      'Give 1 or more, or leave it out for no limit'
    ]
    when not (p_task.skip_holidays in ('none', 'nonworking', 'holidays')) then array[
      'task_skip_holidays_is_none_nonworking_or_holidays', 'skip_holidays', p_task.skip_holidays, null,
      'Give none, nonworking or holidays'
    ]
    when not (p_task.skip_holidays = 'none' or p_task.calendar is not null) then array[
      'task_that_skips_holidays_has_a_calendar', 'skip_holidays', p_task.skip_holidays, 'but calendar is missing',
      'Name a calendar, or leave skip_holidays at none'
    ]
    when not (p_task.holiday_policy in ('next_workday', 'previous_workday', 'drop')) then array[
      'task_holiday_policy_is_next_workday_previous_workday_or_drop', 'holiday_policy', p_task.holiday_policy, null,
      'Give next_workday, previous_workday or drop'
    ]
    when not (v_calendar_exists) then array[
      'task_calendar_exists', 'calendar', p_task.calendar, 'and there is no such calendar',
      'Fill it first: jittask calendar sync CODE; or insert one of your own into jittask.calendar'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.start_at is not null) then array[
      'scheduled_task_has_a_start_at', 'start_at', '', 'but a scheduled task needs one',
      'Give the first run, such as now()'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.source_table is null) then array[
      'scheduled_task_has_no_source_table_or_fields', 'source_table', p_task.source_table, 'but kind is "scheduled"',
      'Set kind to date_field, or leave it out'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.date_field is null) then array[
      'scheduled_task_has_no_source_table_or_fields', 'date_field', p_task.date_field, 'but kind is "scheduled"',
      'Set kind to date_field, or leave it out'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.at_time is null) then array[
      'scheduled_task_has_no_source_table_or_fields', 'at_time', p_task.at_time::text, 'but kind is "scheduled"',
      'Put the time of day into start_at'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.filter is null) then array[
      'scheduled_task_has_no_source_table_or_fields', 'filter', p_task.filter::text, 'but kind is "scheduled"',
      'Set kind to date_field, or leave it out'
    ]
    when not (
      p_task.kind <> 'scheduled' or num_nonnulls(p_task.end_field, p_task.end_offset, p_task.end_at_time) = 0
    ) then array[
      'scheduled_task_has_no_source_table_or_fields', 'end_field', p_task.end_field, 'or end_offset or end_at_time is given, but kind is "scheduled"',
      'Give end_at instead'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.start_offset = '0') then array[
      'scheduled_task_has_no_source_table_or_fields', 'start_offset', p_task.start_offset::text, 'but kind is "scheduled"',
      'Give start_at itself'
    ]
    when not (p_task.past_due in ('ignore', 'run_now')) then array[
      'task_past_due_is_ignore_or_run_now', 'past_due', p_task.past_due, null,
      'Give ignore or run_now'
    ]
    when not (p_task.kind <> 'scheduled' or p_task.past_due = 'ignore') then array[
      'scheduled_task_has_no_source_table_or_fields', 'past_due', p_task.past_due, 'but kind is "scheduled"',
      'Leave it out; what was missed is for misfire'
    ]
    when not (p_task.kind <> 'date_field' or p_task.source_table is not null) then array[
      'date_field_task_names_its_table_and_field', 'source_table', '', 'but a date-field task needs one',
      'Name the table to watch, schema.table'
    ]
    when not (p_task.kind <> 'date_field' or p_task.date_field is not null) then array[
      'date_field_task_names_its_table_and_field', 'date_field', '', 'but a date-field task needs one',
      'Name a date or timestamp column of the table'
    ]
    when not (p_task.kind <> 'date_field' or p_task.start_at is null) then array[
      'date_field_task_starts_from_its_field_not_start_at', 'start_at', p_task.start_at::text, 'but kind is "date_field"',
      'Leave it out: each row''s date says when'
    ]
    when not (p_task.start_offset between '-1000 years' and '1000 years') then array[
      'task_start_offset_is_1000_years_at_most', 'start_offset', p_task.start_offset::text, null,
      'Give a distance of 1000 years at most'
    ]
    when not (p_task.end_offset between '-1000 years' and '1000 years') then array[
      'task_end_offset_is_1000_years_at_most', 'end_offset', p_task.end_offset::text, null,
      'Give a distance of 1000 years at most'
    ]
    when not (p_task.at_time is null or p_task.start_offset = date_trunc('day', p_task.start_offset)) then array[
      'task_at_time_needs_an_offset_of_whole_days', 'start_offset', p_task.start_offset::text, format('but at_time is "%s"', p_task.at_time),
      'Give an offset of whole days, or leave at_time out'
    ]
    when not (p_task.at_time < '24:00') then array[
      'task_at_time_is_before_midnight', 'at_time', p_task.at_time::text, null,
      'Give 00:00 and one day more of start_offset'
    ]
    when not (p_task.end_at_time < '24:00') then array[
      'task_end_at_time_is_before_midnight', 'end_at_time', p_task.end_at_time::text, null,
      'Give 00:00 and one day more of end_offset'
    ]
    when not (
      p_task.end_at_time is null or p_task.end_offset is null or p_task.end_offset = date_trunc('day', p_task.end_offset)
    ) then array[
      'task_end_at_time_needs_an_offset_of_whole_days', 'end_offset', p_task.end_offset::text, format('but end_at_time is "%s"', p_task.end_at_time),
      'Give an offset of whole days, or leave end_at_time out'
    ]
    when not (p_task.end_field is not null or p_task.end_offset is null) then array[
      'task_end_offset_and_end_at_time_need_an_end_field', 'end_offset', p_task.end_offset::text, 'but end_field is missing',
      'Name the date column that ends the repeating'
    ]
    when not (p_task.end_field is not null or p_task.end_at_time is null) then array[
      'task_end_offset_and_end_at_time_need_an_end_field', 'end_at_time', p_task.end_at_time::text, 'but end_field is missing',
      'Name the date column that ends the repeating'
    ]
    when not (p_task.queue <> '' and p_task.queue = btrim(p_task.queue)) then array[
      'task_queue_is_not_blank', 'queue', p_task.queue, null,
      'Leave it out for the queue "default"'
    ]
    when not (length(p_task.queue) <= 100) then array[
      'task_queue_has_100_characters_at_most', 'queue', p_task.queue, 'cut here, which is too long',
      'Give 100 characters at most'
    ]
    when not (p_task.timeout > interval '0') then array[
      'task_timeout_is_positive', 'timeout', p_task.timeout::text, null,
      'Give a positive length, or leave it out for no limit'
    ]
    when not (p_task.timeout <= interval '366 days') then array[
      'task_timeout_is_366_days_at_most', 'timeout', p_task.timeout::text, null,
      'Give 366 days at most, or leave it out for no limit'
    ]
    when not (p_task.max_attempts between 1 and 1000) then array[
      'task_max_attempts_is_1_or_more', 'max_attempts', p_task.max_attempts::text, null,
      'Give a number from 1 to 1000'
    ]
    when not (p_task.retry_delay >= interval '0') then array[
      'task_retry_delay_is_not_negative', 'retry_delay', p_task.retry_delay::text, null,
      'Give a length of time, such as "10 seconds"'
    ]
    when not (p_task.retry_delay <= interval '366 days') then array[
      'task_retry_delay_is_366_days_at_most', 'retry_delay', p_task.retry_delay::text, null,
      'Give 366 days at most'
    ]
    when not (p_task.isolation in ('thread', 'process')) then array[
      'task_isolation_is_thread_or_process', 'isolation', p_task.isolation, null,
      'Give thread or process'
    ]
    when not (not p_task.transactional or p_task.isolation = 'thread') then array[
      'task_transactional_needs_thread_isolation', 'isolation', p_task.isolation, 'but transactional is true',
      'Leave isolation at thread: a child process has no part in the transaction'
    ]
    when not (p_task.max_running >= 1) then array[
      'task_max_running_is_1_or_more', 'max_running', p_task.max_running::text, null,
      'Give 1 or more, or leave it out for no limit'
    ]
    when not (p_task.overlap in ('skip', 'wait', 'allow')) then array[
      'task_overlap_is_skip_wait_or_allow', 'overlap', p_task.overlap, null,
      'Give skip, wait or allow'
    ]
    when not (p_task.misfire in ('latest', 'all', 'skip')) then array[
      'task_misfire_is_latest_all_or_skip', 'misfire', p_task.misfire, null,
      'Give latest, all or skip'
    ]
    when not (p_task.misfire_grace >= interval '0') then array[
      'task_misfire_grace_is_not_negative', 'misfire_grace', p_task.misfire_grace::text, null,
      'Give a length of time, such as "60 seconds"'
    ]
    when not (p_task.misfire_grace <= interval '1000 years') then array[
      'task_misfire_grace_is_1000_years_at_most', 'misfire_grace', p_task.misfire_grace::text, null,
      'Give 1000 years at most'
    ]
    when not (p_task.misfire_cap >= 1) then array[
      'task_misfire_cap_is_1_or_more', 'misfire_cap', p_task.misfire_cap::text, null,
      'Give 1 or more; to run nothing late set misfire to skip'
    ]
    when not (p_task.catchup_window >= interval '0') then array[
      'task_catchup_window_is_not_negative', 'catchup_window', p_task.catchup_window::text, null,
      'Give a length of time, such as "1 day"'
    ]
    when not (p_task.catchup_window <= interval '1000 years') then array[
      'task_catchup_window_is_1000_years_at_most', 'catchup_window', p_task.catchup_window::text, null,
      'Give 1000 years at most'
    ]
    when not (isfinite(p_task.paused_at)) then array[
      'task_paused_at_is_a_real_instant', 'paused_at', p_task.paused_at::text, null,
      'Give now(), or null for a task that is on'
    ]
  end;
  broken_rule.rule := v_broken[1];
  broken_rule.message := format('%s is "%s"', v_broken[2], left(v_broken[3], 80)) || coalesce(', ' || v_broken[4], '');
  broken_rule.hint := v_broken[5];
end;
$$;
