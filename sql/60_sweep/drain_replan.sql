-- Plans anew what replan lists: up to p_limit rows of it, and one chunk of each large table. Entries go
-- when they are done, in the same transaction; one that cannot be done now is listed again, as of the
-- instant at which it was noted. A whole task listed anew while its planning goes on begins again at the
-- first row: what was planned so far is out of date.
-- Locks: replan rows, skip locked; source rows, skip locked; then queue and series rows.
create or replace function jittask.drain_replan(
  p_now timestamptz,
  p_limit int
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
  v_entry record;
  v_count bigint := 0;
begin
  perform jittask.await_writers();
  for v_entry in
    with taken as (
      delete from jittask.replan r
      where r.replan_id = any (
          array(
            select n.replan_id from jittask.replan n
            where n.source_keys is null and n.writers is null
            order by n.replan_id limit p_limit for update skip locked
          )
          || array(
            select n.replan_id from jittask.replan n
            where n.source_keys is not null
            order by n.replan_id limit greatest(p_limit / 1000, 1) for update skip locked
          )
        )
      returning r.task_id, r.source_table, r.source_key, r.source_keys, r.noted_at,
        r.reason <> 'the planning of its table goes on' as anew
    ), listed as (
      select n.task_id, n.source_table, k.source_key, n.noted_at, n.anew
      from taken n
      cross join lateral unnest(coalesce(n.source_keys, array[n.source_key])) k (source_key)
    ), asked as (
      select k.task_id, k.source_key, min(k.noted_at) as noted_at, bool_or(k.anew) as anew
      from (
        select n.task_id, n.source_key, n.noted_at, n.anew from listed n where n.task_id is not null
        union all
        select t.task_id, n.source_key, n.noted_at, n.anew
        from listed n
        join jittask.task t on t.source_table = n.source_table
        where n.task_id is null
      ) k
      group by k.task_id, k.source_key
    )
    select a.task_id,
      min(a.noted_at) filter (where a.source_key is null) as whole_since,
      coalesce(bool_or(a.anew) filter (where a.source_key is null), false) as anew,
      array_agg(a.source_key order by a.source_key) filter (where a.source_key is not null) as keys,
      array_agg(a.noted_at order by a.source_key) filter (where a.source_key is not null) as since
    from asked a
    group by a.task_id
    order by a.task_id
  loop
    begin
      if v_entry.anew then
        update jittask.backfill b
        set after_key = null, gone_key = null, is_first = false, done = 0
        where b.task_id = v_entry.task_id and num_nonnulls(b.after_key, b.gone_key) > 0;
      end if;
      v_count := v_count
        + jittask.replan_task(v_entry.task_id, v_entry.whole_since, v_entry.keys, v_entry.since, p_now);
    exception
      -- The table is being changed under us, or held; check_watches will say so if it lasts. What no
      -- longer can be, such as a value that an enum has lost, marks the task broken.
      when transaction_rollback or object_not_in_prerequisite_state or integrity_constraint_violation
        or syntax_error_or_access_rule_violation or data_exception or sqlstate 'JT001' or sqlstate 'JT005' then
        insert into jittask.replan (task_id, source_key, reason, noted_at)
        select v_entry.task_id, k.source_key,
          case when k.source_key is null and not v_entry.anew then 'the planning of its table goes on' else sqlerrm end,
          k.noted_at
        from unnest(
          v_entry.keys || case when v_entry.whole_since is not null then array[null::text] end,
          v_entry.since || v_entry.whole_since
        ) k (source_key, noted_at)
        where k.noted_at is not null;
        perform jittask.check_task(t, null, false)
        from jittask.task t
        where t.task_id = v_entry.task_id and t.kind = 'date_field' and t.paused_at is null;
    end;
  end loop;
  return v_count;
end;
$$;
