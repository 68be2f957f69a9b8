-- Part of a generated trigger function, and of drop_gone: takes out of the due queue what is planned for the
-- source keys that p_keys selects. The probe is a lateral subquery, see put_wanted_sql.
create or replace function jittask.watch_drop_sql(
  p_task_ids bigint[],
  p_keys text
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    $sql$
      delete from jittask.due_queue q
      where q.occurrence_id = any (
          array(
            select p.occurrence_id
            from (%s) k
            cross join pg_catalog.unnest(%L::pg_catalog.int8[]) t (task_id)
            cross join lateral (
              select q.occurrence_id
              from jittask.due_queue q
              where q.task_id = t.task_id
                and q.source_key = k.source_key
                and q.plan_no is not null
                and q.first_claimed_at is null
              offset 0
            ) p
          )
        )
        and q.first_claimed_at is null;
    $sql$,
    p_keys, p_task_ids
  );
$$;
