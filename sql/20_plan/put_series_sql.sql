-- Text of the statement that plans the series of the rows that p_wanted (a select with the columns of
-- wanted_sql, for repeating tasks) names: rows that want nothing lose what is planned for them, a date that
-- gives another anchor starts a new series, what is planned as it should be stays. What is past is judged
-- as of since_at; what is due by p_now (an expression) may have been put to work. p_edited: the tasks or
-- their calendar were changed, not the rows: counts go on, and all is looked at anew but what is due
-- already, which its claim will judge. Answers how many rows there were, and the earliest instant put into
-- the queue. Callers hold the waiting queue rows, so that what a claim has planned meanwhile is visible.
-- Locks: queue rows, series rows.
create or replace function jittask.put_series_sql(
  p_wanted text,
  p_now text,
  p_edited bool
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
    with wanted as materialized (
      select w.task_id, w.plan_no, w.priority, w.queue, w.source_key, w.end_at, w.since_at,
        pg_catalog.date_trunc('second', w.nominal_at) as anchor_at
      from (%1$s) w
    ), looked_up as (
      select w.*, q.ids, q.dues, q.nominals, q.planned, q.due_at as planned_at, s.runs, s.cursor_at, s.end_at as ended_at,
        s.task_id is null or s.anchor_at operator(pg_catalog.<>) w.anchor_at as moved
      from wanted w
      cross join lateral (
        select pg_catalog.array_agg(q.occurrence_id) as ids, pg_catalog.array_agg(q.due_at) as dues,
          pg_catalog.array_agg(case when q.plan_no = w.plan_no then q.nominal_at end) as nominals,
          pg_catalog.bool_or(q.plan_no = w.plan_no) as planned,
          pg_catalog.min(q.due_at) filter (where q.plan_no = w.plan_no) as due_at
        from jittask.due_queue q
        where q.task_id = w.task_id
          and q.source_key = w.source_key
          and q.plan_no is not null
          and q.first_claimed_at is null
      ) q
      left join lateral (
        select s.* from jittask.series s where s.task_id = w.task_id and s.source_key = w.source_key offset 0
      ) s on true
    ), decided as materialized (
      select l.task_id, l.plan_no, l.priority, l.queue, l.source_key, l.anchor_at, l.end_at, l.ids, l.dues, l.nominals,
        b.runs, coalesce(n.cursor_at, k.cursor_at) as cursor_at,
        case when n.cursor_at is null then o.nominal_at else n.nominal_at end as nominal_at,
        case
          when b.runs >= t.max_runs then null
          when n.cursor_at is null then o.due_at
          else n.due_at
        end as due_at
      from looked_up l
      join jittask.task t on t.task_id = l.task_id
      join jittask.plan p on p.task_id = l.task_id
      cross join lateral (
        select jittask.task_rule(t, p, l.anchor_at, l.end_at) as rule,
          case when l.moved and not %3$s then 0 else coalesce(l.runs, 0) end as runs,
          case when not l.moved or %3$s then l.cursor_at end as cursor_at,
          t.skip_holidays = 'none' and l.anchor_at >= l.since_at as begins
        offset 0
      ) b
      cross join lateral (
        select not l.moved and l.planned and (not %3$s or l.planned_at <= %2$s) as stays offset 0
      ) y
      cross join lateral (
        select case
          when y.stays then jittask.series_begin(b.rule, b.cursor_at, l.planned_at)
          -- first_cursor would say the same, and costs more than all the rest.
          when b.cursor_at is null and t.skip_holidays = 'none'
               and (b.begins or t.past_due <> 'run_now' and l.anchor_at < l.since_at - t.misfire_grace)
            then l.since_at - interval '1 microsecond'
          else jittask.first_cursor(t, b.rule, b.cursor_at, l.since_at)
        end as cursor_at
        offset 0
      ) c
      -- What lies between a first due that is past and now is nobody's: it was not planned and missed.
      cross join lateral (
        select case
          when y.stays then b.cursor_at
          else greatest(c.cursor_at, l.since_at - interval '1 microsecond')
        end as cursor_at
      ) k
      -- A first occurrence that no holiday moves is the anchor itself.
      cross join lateral (
        select e.at as nominal_at, e.at as due_at
        from (
          select case when l.anchor_at <= least(l.end_at, t.end_at) is not false then l.anchor_at end as at
        ) e
        where b.begins and c.cursor_at < l.anchor_at
        union all
        select f.nominal_at, f.due_at
        from (select where (b.begins and c.cursor_at < l.anchor_at) is not true offset 0) g
        cross join lateral (select f.* from jittask.occurrence_after(b.rule, c.cursor_at) f offset 0) f
        offset 0
      ) o
      -- A date moved away and back names an instant that may have been put to work already.
      left join lateral (
        select g.cursor_at, f.nominal_at, f.due_at
        from (
          select greatest(k.cursor_at, o.due_at) as cursor_at
          where o.due_at <= %2$s and jittask.was_claimed(l.task_id, l.source_key, o.due_at)
          offset 0
        ) g
        cross join lateral (select f.* from jittask.occurrence_after(b.rule, g.cursor_at) f offset 0) f
        offset 0
      ) n on true
      where l.anchor_at is not null
        and (%3$s or l.moved or l.planned is not true or l.ended_at is distinct from l.end_at)
    ), begun as (
      insert into jittask.series as s (task_id, source_key, anchor_at, runs, cursor_at, end_at)
      select d.task_id, d.source_key, d.anchor_at, d.runs, d.cursor_at, d.end_at
      from decided d
      on conflict (task_id, source_key) do update
        set anchor_at = excluded.anchor_at,
            runs = excluded.runs,
            cursor_at = excluded.cursor_at,
            end_at = excluded.end_at
        where (s.anchor_at, s.runs, s.cursor_at, s.end_at)
          is distinct from (excluded.anchor_at, excluded.runs, excluded.cursor_at, excluded.end_at)
    ), removed as (
      delete from jittask.due_queue q
      where q.occurrence_id = any (
          array(
            select i.id
            from decided d
            cross join lateral rows from (pg_catalog.unnest(d.ids), pg_catalog.unnest(d.dues)) i (id, due_at)
            where i.due_at is distinct from d.due_at
            union all
            select i.id from looked_up l cross join lateral pg_catalog.unnest(l.ids) i (id) where l.anchor_at is null
          )
        )
        and q.first_claimed_at is null
    ), put as (
      insert into jittask.due_queue as q (
        task_id, plan_no, priority, nominal_at, due_at, run_at, queue, source_key
      )
      select d.task_id, d.plan_no, d.priority, d.nominal_at, d.due_at, d.due_at, d.queue, d.source_key
      from decided d
      where d.due_at is not null
        and not exists (
          select from rows from (pg_catalog.unnest(d.dues), pg_catalog.unnest(d.nominals)) i (due_at, nominal_at)
          where i.due_at = d.due_at and i.nominal_at = d.nominal_at
        )
      on conflict (task_id, source_key, due_at) where task_id is not null do update
        set plan_no = excluded.plan_no,
            nominal_at = excluded.nominal_at,
            priority = excluded.priority,
            queue = excluded.queue,
            run_at = excluded.run_at
        where q.first_claimed_at is null
      returning q.due_at
    )
    select (select pg_catalog.count(*) from wanted), (select pg_catalog.min(p.due_at) from put p)
    $sql$,
    p_wanted, p_now, case when p_edited then 'true' else 'false' end
  );
$$;
