-- Maintenance that any worker does now and then, and pg_cron may do too. Idempotent; one runs at a
-- time, the others answer {"busy": true}. Returns what it did.
-- Locks: a transaction-level advisory lock; then those of its parts, which skip what others hold.
create or replace function jittask.sweep()
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  v_now timestamptz := jittask.now();
  v_done jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('jittask.sweep', 0)) then
    return jsonb_build_object('busy', true);
  end if;
  v_done := jsonb_build_object(
    'leases_taken_back', jittask.take_back_leases(v_now),
    'workers_forgotten', jittask.forget_workers(),
    'watches_changed', jittask.check_watches(),
    'compared', jittask.reconcile_some(v_now),
    'replanned', jittask.drain_replan(v_now, 20000),
    'more', exists (select from jittask.replan),
    'stale_dropped', jittask.drop_stale(5000),
    'partitions_made', jittask.make_partitions(),
    'partitions_dropped', jittask.drop_partitions()
  );
  return v_done;
end;
$$;
