-- Whether a worker holds an occurrence that was lost with a worker before.
create or replace function jittask.holds_suspect(
  p_worker_id bigint
)
returns bool
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from jittask.lease l
    join jittask.due_queue q
      on q.occurrence_id = l.occurrence_ids[1] and q.lease_id = l.lease_id and q.suspect
    where l.worker_id = p_worker_id
      and cardinality(l.occurrence_ids) = 1
  );
$$;
