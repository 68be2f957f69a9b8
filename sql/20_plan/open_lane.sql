-- Makes a pair of queue and priority known to the claim. The plain look comes first, because
-- nearly every call finds the lane there, and a speculative insert costs more than a look.
create or replace function jittask.open_lane(
  p_queue text,
  p_priority int
)
returns void
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from jittask.lane l where l.queue = p_queue and l.priority = p_priority
  ) then
    insert into jittask.lane (queue, priority)
    values (p_queue, p_priority)
    on conflict do nothing;
  end if;
end;
$$;
