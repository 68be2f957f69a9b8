-- Part of a generated trigger function: takes out what is planned for the source keys that p_keys selects,
-- whose rows are gone.
create or replace function jittask.watch_delete_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_repeating bigint[],
  p_keys text
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_delete text := '';
begin
  if p_single <> '{}' then
    v_delete := jittask.watch_drop_sql(p_single, p_keys);
    if not jittask.fires_per_row(p_watch) then
      v_delete := v_delete || format(
        'if exists (select from jittask.called_off) then
          delete from jittask.called_off c
          where c.task_id = any (%L::pg_catalog.int8[]) and c.source_key in (%s);
        end if;', p_single, p_keys
      );
    end if;
  end if;
  if p_repeating <> '{}' then
    v_delete := v_delete || jittask.watch_forget_sql(p_watch, p_repeating, p_keys);
  end if;
  return v_delete;
end;
$$;
