-- The ids of the tasks of those names; null for null. A name that no task has is an error.
create or replace function jittask.task_ids(
  p_names text[]
)
returns bigint[]
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_names is not null then array(select (jittask.task_named(n.name)).task_id from unnest(p_names) n (name))
  end;
$$;
