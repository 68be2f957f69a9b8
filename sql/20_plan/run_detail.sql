-- What a worker must know to run a task: JSON, the same text for every occurrence, so that workers
-- parse it once.
create or replace function jittask.run_detail(
  p_task jittask.task,
  p_reread text,
  p_key_columns text[]
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'task_id', (p_task).task_id,
    'task_name', (p_task).name,
    'kind', (p_task).kind,
    'title', (p_task).title,
    'source', (p_task).source,
    'source_table', (p_task).source_table,
    'key_columns', p_key_columns,
    'reread', p_reread,
    'timeout_us', (extract(epoch from (p_task).timeout) * 1000000)::bigint,
    'isolation', (p_task).isolation,
    'transactional', (p_task).transactional,
    'capture_log', (p_task).capture_log,
    'queue', (p_task).queue
  )::text;
$$;
