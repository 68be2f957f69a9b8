-- A stored task's coming occurrences, the planned one first; of a date-field task without a key, the
-- earliest over all rows. occurrence_no counts every due since the start of the rule.
-- Language sql, because an output column bears the name of a parameter.
create or replace function jittask.preview(
  task_name text,
  count int default 10,
  source_key jsonb default null
)
returns table (source_key jsonb, occurrence_no int, nominal_at timestamptz, due_at timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select nullif(o.row_key, '')::jsonb, o.occurrence_no, o.nominal_at, o.due_at
  from jittask.coming_occurrences($1, $2, $3) o;
$$;
