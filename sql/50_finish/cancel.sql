-- Calls off one occurrence. "cancelled": it was waiting and is recorded so; "stopping": it runs, and
-- its worker is told; "ended": it is over already; "unknown": there is none with this id.
-- A client role may cancel what it enqueued itself. Locks: the queue row, or the lease row and, as a
-- finish holds it before the queue row, nothing else: so neither waits for the other in a circle. Not its
-- key: a run within the database holds that until its end.
create or replace function jittask.cancel(
  occurrence_id bigint
)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_row jittask.due_queue;
begin
  loop
    select q.* into v_row from jittask.due_queue q where q.occurrence_id = cancel.occurrence_id;
    if not found then
      if exists (select from jittask.run_history h where h.occurrence_id = cancel.occurrence_id) then
        return 'ended';
      end if;
      return 'unknown';
    end if;
    if not jittask.may_manage() and v_row.created_by is distinct from session_user then
      raise exception 'Occurrence % was not enqueued by role "%"', cancel.occurrence_id, session_user
        using errcode = 'JT004',
              hint = 'Ask a member of jittask_admin, or the role that enqueued it';
    end if;
    -- Whether it is still held by that lease, or by none, is known under the lock only.
    if v_row.lease_id is null then
      select q.* into v_row
      from jittask.due_queue q
      where q.occurrence_id = cancel.occurrence_id and q.lease_id is null
      for update;
    else
      perform from jittask.lease l where l.lease_id = v_row.lease_id for no key update;
      perform from jittask.due_queue q
      where q.occurrence_id = cancel.occurrence_id and q.lease_id = v_row.lease_id;
    end if;
    exit when found;
  end loop;
  if v_row.lease_id is null then
    if v_row.task_id is not null and v_row.plan_no is not null and v_row.first_claimed_at is null then
      perform jittask.plan_next(v_row, t, p, false)
      from jittask.task t
      join jittask.plan p on p.task_id = t.task_id
      where t.task_id = v_row.task_id;
    end if;
    perform jittask.end_waiting(
      v_row.occurrence_id, 'cancelled', 'cancelled by role ' || session_user, 0, jittask.now()
    );
    return 'cancelled';
  end if;
  update jittask.lease l
  set stopping = array_append(l.stopping, v_row.occurrence_id)
  where l.lease_id = v_row.lease_id and not coalesce(v_row.occurrence_id = any (l.stopping), false);
  if current_setting('max_prepared_transactions') = '0' then
    perform pg_notify('jittask_stop', v_row.occurrence_id::text);
  end if;
  return 'stopping';
end;
$$;
