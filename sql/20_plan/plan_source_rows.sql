-- Plans source rows of one date-field task anew, by the current state of the table. p_from: relation
-- expression with alias r over the parameters $2, p_keys, and $3, p_since; whether a date is past is judged
-- as of its column jittask_since. Rows that want nothing lose what was planned for them.
-- Returns the number of rows planned. Locks: queue rows of the task, series rows.
-- Callers, which see to it that no writer is passed over: plan_date_field, replan_calendars, backfill_chunk,
-- replan_task.
create or replace function jittask.plan_source_rows(
  p_task jittask.task,
  p_plan jittask.plan,
  p_from text,
  p_keys text[],
  p_since timestamptz[],
  p_now timestamptz,
  p_edited bool
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_key text;
  v_wanted text;
  v_count bigint;
  v_put record;
begin
  select jittask.key_sql(w.table_oid::regclass, w.key_columns, 'r') into v_key
  from jittask.watch w
  where w.source_table = p_task.source_table;
  v_wanted := jittask.wanted_sql(array[p_task.task_id], p_from, v_key, 'r.jittask_since');
  if p_task.repeat = 'none' then
    -- Nearly always nothing is in the way, and looking for that in advance is dear.
    begin
      execute jittask.put_wanted_sql(v_wanted, '$1', false, false) using p_now, p_keys, p_since;
    exception
      when unique_violation then
        execute jittask.put_wanted_sql(v_wanted, '$1', true, false) using p_now, p_keys, p_since;
    end;
    get diagnostics v_count = row_count;
    return v_count;
  end if;
  -- A claim holds its queue row while it plans the next one: waiting for that row makes it visible.
  execute format(
    'select from (select %1$s as source_key from %2$s order by (%1$s) collate "C" offset 0) k
     cross join lateral (
       select from jittask.due_queue q
       where q.task_id = $4
         and q.source_key = k.source_key
         and q.plan_no is not null
         and q.first_claimed_at is null
       for update
     ) q',
    v_key, p_from
  )
  using p_now, p_keys, p_since, p_task.task_id;
  execute jittask.put_series_sql(v_wanted, '$1', p_edited) using p_now, p_keys, p_since into v_put;
  return v_put.count;
end;
$$;
