-- Plans source rows of one date-field task anew, by the current state of the table. p_from: relation
-- expression with alias r, over parameters $2 and $3. Rows that want nothing lose what was planned
-- for them. Returns the number of rows looked at. Locks: queue rows of the task, series rows.
-- Caller: backfill and replan, which see to it that no writer is passed over.
create or replace function jittask.plan_source_rows(
  p_task jittask.task,
  p_plan jittask.plan,
  p_from text,
  p_keys text[],
  p_now timestamptz,
  p_edited bool
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key text;
  v_wanted text;
  v_count bigint;
  v_row record;
begin
  select jittask.key_sql(w.table_oid::regclass, w.key_columns, 'r') into v_key
  from jittask.watch w
  where w.source_table = p_task.source_table;
  v_wanted := jittask.wanted_sql(
    array[p_task.task_id], p_from, v_key,
    case
      when p_task.repeat <> 'none' or p_task.past_due = 'run_now' then '''-infinity'''
      else '$1 - t.misfire_grace'
    end
  );
  if p_task.repeat = 'none' then
    execute format(
      $sql$
        with wanted as materialized (%s), removed as (
          delete from jittask.due_queue q
          using wanted w
          where q.task_id = %s
            and q.source_key = w.source_key
            and q.plan_no is not null
            and q.first_claimed_at is null
            and q.due_at is distinct from w.first_due_at
        ), put as (
          insert into jittask.due_queue as q (
            task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
          )
          select w.task_id, w.plan_no, w.priority, w.nominal_at, w.due_at, w.due_at, w.queue,
            w.source_key
          from wanted w
          where w.due_at is not null
            and (w.due_at > $1 or not jittask.was_claimed(w.task_id, w.source_key, w.due_at))
          on conflict (task_id, source_key, due_at) where task_id is not null do update
            set plan_no = excluded.plan_no, nominal_at = excluded.nominal_at
            where q.first_claimed_at is null and q.plan_no is distinct from excluded.plan_no
        )
        select count(*) from wanted
      $sql$,
      v_wanted, p_task.task_id
    )
    using p_now, p_keys
    into v_count;
    return v_count;
  end if;
  v_count := 0;
  for v_row in
    execute format('select w.source_key, w.nominal_at, w.end_at from (%s) w order by w.source_key', v_wanted)
    using p_now, p_keys
  loop
    v_count := v_count + 1;
    perform jittask.plan_series(
      p_task, p_plan, v_row.source_key, v_row.nominal_at, v_row.end_at, p_now, p_edited
    );
  end loop;
  return v_count;
end;
$$;
