-- First instant strictly after "after" at which a cron expression matches, on the clock of timezone
-- (null = the installation's); null for a null expression or instant, and when nothing follows.
-- Raises JT001 for an expression or zone that is refused.
create or replace function jittask.cron_next(
  expression text,
  after timestamptz,
  timezone text default null
)
returns timestamptz
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cron int[];
  v_timezone text;
begin
  if cron_next.expression is null or cron_next.after is null then
    return null;
  end if;
  v_cron := jittask.compile_cron(cron_next.expression);
  v_timezone := jittask.clock_of(coalesce(
    case when cron_next.timezone is not null then jittask.canonical_timezone(cron_next.timezone) end,
    (select s.value from jittask.setting s where s.name = 'timezone')
  ));
  if cron_next.after < '0001-01-01 00:00+00' or cron_next.after >= '9999-12-31 00:00+00' then
    raise exception using
      errcode = 'JT001',
      message = format('Field after is out of range: "%s"', cron_next.after),
      hint = 'Give an instant of the years 1 to 9999';
  end if;
  return jittask.cron_after(v_cron, cron_next.after, v_timezone);
end;
$$;
