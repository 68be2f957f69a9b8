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
  elsif p_args is not null and jsonb_typeof(p_args) <> 'object' then
    raise exception 'args is not a JSON object: "%"', left(p_args::text, 80)
      using errcode = 'JT001', hint = 'Give the keyword arguments as an object, {"order_id": 7}';
  elsif not isfinite(p_due_at) then
    raise exception 'due_at is "%"', p_due_at
      using errcode = 'JT001', hint = 'Give an instant, or nothing for now';
  elsif p_queue = '' then
    raise exception 'queue is empty'
      using errcode = 'JT001', hint = 'Leave it out for the queue "default"';
  elsif p_timeout <= interval '0' then
    raise exception 'timeout is "%"', p_timeout
      using errcode = 'JT001', hint = 'Give a positive interval, or nothing for no limit';
  elsif p_max_attempts not between 1 and 1000 then
    raise exception 'max_attempts is "%"', p_max_attempts
      using errcode = 'JT001', hint = 'Give a number from 1 to 1000';
  elsif p_retry_delay < interval '0' then
    raise exception 'retry_delay is "%"', p_retry_delay
      using errcode = 'JT001', hint = 'Give an interval that is not negative';
  end if;
end;
$$;
