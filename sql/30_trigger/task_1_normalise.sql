-- Before a task is written: fills name, resolves zone and table to the form they are stored in, and
-- refuses what needs the catalogue to decide. Runs as the writer, with the writer's search_path, so
-- that a table name means what the writer means. No locks.
create or replace function jittask.task_1_normalise()
returns trigger
language plpgsql
volatile
security invoker
as $$
declare
  v_base text;
  v_table pg_catalog.regclass;
  v_count int := 1;
begin
  if new.name is null then
    v_base := jittask.slug(coalesce(new.title, new.handler, 'task'));
    new.name := v_base;
    while exists (select from jittask.task t where t.name = new.name and t.task_id <> new.task_id) loop
      v_count := v_count + 1;
      new.name := v_base || '_' || v_count;
    end loop;
  end if;
  if new.timezone is not null then
    new.timezone := jittask.canonical_timezone(new.timezone);
  end if;
  if new.kind = 'date_field' and new.source_table is not null
     and (tg_op = 'INSERT' or new.source_table is distinct from old.source_table) then
    begin
      v_table := pg_catalog.to_regclass(new.source_table);
    exception
      when syntax_error or invalid_name or feature_not_supported then v_table := null;
      when insufficient_privilege then
        v_table := jittask.named_table(new.source_table);
        perform jittask.check_rights(v_table);
    end;
    if v_table is null then
      raise exception 'source_table "%" does not exist', left(new.source_table, 80)
        using errcode = 'JT001',
              hint = 'Give the table as schema.table, as psql''s \dt shows it';
    end if;
    select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
    into strict new.source_table
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = v_table;
  end if;
  if tg_op = 'UPDATE' and new::text is distinct from old::text then
    new.updated_at := pg_catalog.clock_timestamp();
  end if;
  return new;
end;
$$;
