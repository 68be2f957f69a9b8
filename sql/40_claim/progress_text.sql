-- How far a run has come, in words: "40/100 invoices"; null where it did not say. Caller: take_back_leases.
create or replace function jittask.progress_text(
  p_progress jsonb
)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select nullif(
    concat_ws(' ', (p_progress ->> 'done') || coalesce('/' || (p_progress ->> 'total'), ''), p_progress ->> 'message'),
    ''
  );
$$;
