-- The rule that the timing columns of a scheduled task make, in compiled form, or JT001 naming the
-- field that a task would be refused for. max_runs is only checked.
create or replace function jittask.checked_rule(
  p_repeat text,
  p_start_at timestamptz,
  p_timezone text,
  p_every int,
  p_period interval,
  p_cron text,
  p_month_overflow text,
  p_end_at timestamptz,
  p_max_runs int,
  p_calendar text,
  p_skip_holidays text,
  p_holiday_policy text
)
returns jittask.rule
language plpgsql
stable
as $$
declare
  v_message text;
  v_hint text;
begin
  if p_repeat in ('none', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'interval', 'cron') is not true then
    v_message := format('Field repeat has no such value: "%s"', p_repeat);
    v_hint := 'Use "none", "hourly", "daily", "weekly", "monthly", "yearly", "interval" or "cron"';
  elsif p_start_at between '0002-01-01 00:00+00' and '9998-12-31 00:00+00' is not true then
    v_message := format('Field start_at is not an instant of the years 2 to 9998: "%s"', p_start_at);
    v_hint := 'Give the first run, with its offset from UTC, such as "2026-01-05 09:00+01"';
  elsif p_every between 1 and 1000000 is not true then
    v_message := format('Field every is out of range: "%s"', p_every);
    v_hint := 'Use 1 to 1000000 whole cycles';
  elsif p_every <> 1 and p_repeat in ('none', 'interval', 'cron') then
    v_message := format('Field every is "%s", but repeat is "%s"', p_every, p_repeat);
    v_hint := 'Leave every at 1; it counts cycles of hourly, daily, weekly, monthly and yearly rules';
  elsif p_period is null and p_repeat = 'interval' then
    v_message := 'Field period is null, but repeat is "interval"';
    v_hint := 'Give the time between runs, such as "90 minutes"';
  elsif p_period is not null and p_repeat <> 'interval' then
    v_message := format('Field period is "%s", but repeat is "%s"', p_period, p_repeat);
    v_hint := 'Use repeat "interval", or leave period out';
  elsif extract(year from p_period) <> 0 or extract(month from p_period) <> 0 then
    v_message := format('Field period has months or years: "%s"', p_period);
    v_hint := 'Use repeat "monthly" or "yearly" with every, or give the period in days or smaller units';
  elsif p_period < interval '1 second' or p_period > interval '100000 days' then
    v_message := format('Field period is out of range: "%s"', p_period);
    v_hint := 'Use 1 second or more, 100000 days at most';
  elsif p_cron is null and p_repeat = 'cron' then
    v_message := 'Field cron is null, but repeat is "cron"';
    v_hint := 'Give an expression, such as "0 9 * * MON-FRI"';
  elsif p_cron is not null and p_repeat <> 'cron' then
    v_message := format('Field cron is "%s", but repeat is "%s"', p_cron, p_repeat);
    v_hint := 'Use repeat "cron", or leave cron out';
  elsif p_month_overflow in ('clamp', 'skip') is not true then
    v_message := format('Field month_overflow has no such value: "%s"', p_month_overflow);
    v_hint := 'Use "clamp" (the last day of a short month) or "skip"';
  elsif not isfinite(p_end_at) then
    v_message := format('Field end_at is not a real instant: "%s"', p_end_at);
    v_hint := 'Give an instant, or null for no end';
  elsif p_max_runs < 1 then
    v_message := format('Field max_runs is out of range: "%s"', p_max_runs);
    v_hint := 'Use 1 or more, or null for no limit';
  end if;
  if v_message is not null then
    raise exception using errcode = 'JT001', message = v_message, hint = v_hint;
  end if;

  perform jittask.check_calendar(p_calendar, p_skip_holidays, p_holiday_policy);
  return row(
    p_repeat, p_start_at, p_start_at,
    jittask.clock_of(case
      when p_timezone is null then (select s.value from jittask.setting s where s.name = 'timezone')
      else jittask.canonical_timezone(p_timezone)
    end),
    p_every, p_period, case when p_cron is not null then jittask.compile_cron(p_cron) end,
    p_month_overflow, p_end_at, p_calendar, p_skip_holidays, p_holiday_policy, false
  )::jittask.rule;
end;
$$;
