-- Notes that the triggers of a source table are off on purpose while its tasks stay.
-- Security definer: see forget_watch.
create or replace function jittask.keep_detached(
  p_source_table text
)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update jittask.watch w
  set detached_at = clock_timestamp()
  where w.source_table = p_source_table;
$$;
