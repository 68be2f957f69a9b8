-- Pauses a queue: nothing of it is claimed until it is resumed. What runs goes on.
create or replace function jittask.pause_queue(
  queue text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if coalesce(pause_queue.queue, '') = '' then
    raise exception 'queue is empty' using errcode = 'JT001', hint = 'Name a queue, such as "default"';
  end if;
  insert into jittask.paused_queue (queue, paused_at, paused_by)
  values (pause_queue.queue, jittask.now(), session_user)
  on conflict do nothing;
end;
$$;
