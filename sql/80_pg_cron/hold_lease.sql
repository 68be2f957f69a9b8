-- Keeps a lease until the transaction ends, however long that is: whoever takes back expired ones passes
-- over what is locked. held: it is still the caller's; stopping: the occurrence is to be called off.
-- Locks: the lease row, FOR KEY SHARE, which lets renewals, cancel and look_after_sessions pass; with p_alone
-- FOR UPDATE, which lets nobody. Callers: run_claimed, stopped_run.
create or replace function jittask.hold_lease(
  p_run jittask.database_run,
  p_alone bool,
  out held bool,
  out stopping bool,
  out claimed_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lease jittask.lease;
begin
  if p_alone then
    select l.* into v_lease from jittask.lease l
    where l.lease_id = p_run.lease_id and l.token = p_run.token for update;
  else
    select l.* into v_lease from jittask.lease l
    where l.lease_id = p_run.lease_id and l.token = p_run.token for key share;
  end if;
  held := found;
  stopping := coalesce(p_run.occurrence_id = any (v_lease.stopping), false);
  claimed_at := v_lease.claimed_at;
end;
$$;
