-- Refuses what a one-off cannot be, naming the field; nothing is written then.
create or replace function jittask.check_one_off(
  p_handler text,
  p_args jsonb,
  p_due_at timestamptz,
  p_queue text,
  p_timeout interval,
  p_max_attempts int,
  p_retry_delay interval
)
returns void
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(btrim(p_handler), '') = '' then
    raise exception 'handler is empty'
      using errcode = 'JT001', hint = 'Give a registered name or a dotted path, "services.OrderSvc.autoCancel"';
  elsif length(p_handler) > 500 then
    raise exception 'handler is "%…", which is too long', left(p_handler, 80)
      using errcode = 'JT001', hint = 'Give 500 characters at most';
  elsif p_args is not null and jsonb_typeof(p_args) <> 'object' then
    raise exception 'args is not a JSON object: "%"', left(p_args::text, 80)
      using errcode = 'JT001', hint = 'Give the keyword arguments as an object, {"order_id": 7}';
  elsif p_due_at < '0002-01-01 00:00:00+00' or p_due_at >= '9999-01-01 00:00:00+00' then
    raise exception 'due_at is "%"', p_due_at
      using errcode = 'JT001', hint = 'Give an instant of the years 2 to 9998, or nothing for now';
  elsif p_queue = '' or p_queue <> btrim(p_queue) or length(p_queue) > 100 then
    raise exception 'queue is "%"', left(p_queue, 80)
      using errcode = 'JT001',
            hint = 'Give 1 to 100 characters without blanks around them, or leave it out for the queue "default"';
  elsif p_timeout <= interval '0' then
    raise exception 'timeout is "%"', p_timeout
      using errcode = 'JT001', hint = 'Give a positive interval, or nothing for no limit';
  elsif p_timeout > interval '366 days' then
    raise exception 'timeout is "%"', p_timeout
      using errcode = 'JT001', hint = 'Give 366 days at most, or nothing for no limit';
  elsif p_max_attempts not between 1 and 1000 then
    raise exception 'max_attempts is "%"', p_max_attempts
      using errcode = 'JT001', hint = 'Give a number from 1 to 1000';
  elsif p_retry_delay < interval '0' then
    raise exception 'retry_delay is "%"', p_retry_delay
      using errcode = 'JT001', hint = 'Give an interval that is not negative';
  elsif p_retry_delay > interval '366 days' then
    raise exception 'retry_delay is "%"', p_retry_delay
      using errcode = 'JT001', hint = 'Give 366 days at most';
  end if;
end;
$$;
