-- Raises JT001 for an item of a cron field that cannot be read, with the way out for forms that other
-- schedulers know (H, ~, W, L-3, @reboot). Called by cron_field and compile_cron, never returns.
create or replace function jittask.refuse_cron_item(
  p_field text,
  p_item text,
  p_low int,
  p_high int,
  p_names text
)
returns void
language plpgsql
immutable
as $$
begin
  raise exception using
    errcode = 'JT001',
    message = format('Field cron: the %s field cannot be read: "%s"', p_field, p_item),
    hint = case
      when p_item = '' then
        format('Give a number from %s to %s, a range, a list or "*"', p_low, p_high)
      when p_item ~ '^[Hh]' or strpos(p_item, '~') > 0 then
        'Random times are not supported: choose a fixed number'
      when strpos(p_item, '?') > 0 then
        'A question mark stands alone, in the day of month or the day of week field'
      when p_field = 'day of month' and p_item ~ '[0-9][Ww]|[Ww][0-9]' then
        'The nearest weekday is not supported: use "LW" for the last weekday of the month, or a calendar with holiday_policy'
      when p_field = 'day of month' and p_item ~ '[Ll]' then
        'Use "L" for the last day of the month or "LW" for its last weekday'
      when p_field = 'day of week' and p_item in ('L', 'l') then
        'Name the weekday: "5L" is the last Friday of the month'
      when p_field = 'day of week' and strpos(p_item, '#') > 0 then
        'Use "1#1" to "1#5": the first to the fifth Monday of the month'
      when p_field = 'day of week' and p_item ~ '[Ll]' then
        'Use "5L" or "L5" for the last Friday of the month'
      when p_item ~ '[Ll]' or strpos(p_item, '#') > 0 then
        format('"L" and "#" belong to the day fields; use %s to %s here', p_low, p_high)
      when p_names <> '' then
        format('Use %s to %s or the names %s', p_low, p_high,
               rtrim(regexp_replace(initcap(regexp_replace(p_names, '(...)', '\1 ', 'g')), ' ', ', ', 'g'), ', '))
      else format('Use %s to %s, with "," for lists, "-" for ranges and "/" for steps', p_low, p_high)
    end;
end;
$$;
