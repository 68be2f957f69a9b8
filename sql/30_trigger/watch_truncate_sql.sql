-- Part of a generated trigger function: takes out everything that is planned for the rows of the table.
create or replace function jittask.watch_truncate_sql(
  p_watch jittask.watch,
  p_tasks bigint[]
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select format(
    'delete from jittask.due_queue q
      where q.task_id = any (%1$L::pg_catalog.int8[]) and q.plan_no is not null and q.first_claimed_at is null;
    delete from jittask.series s where s.task_id = any (%1$L::pg_catalog.int8[]);
    delete from jittask.called_off c where c.task_id = any (%1$L::pg_catalog.int8[]);', p_tasks
  ) || case
    when (p_watch).reads_current then format(
      'insert into jittask.replan (source_table, reason) values (%L, ''truncated, with triggers of its own'');',
      (p_watch).source_table
    )
    else ''
  end;
$$;
