-- Refuses a table that the current role may not watch: JT004 with all grants that are missing, those of the
-- role that owns jittask too, so that one round of them will do. Caller: attach_table, task_1_normalise.
create or replace function jittask.check_rights(
  p_table regclass
)
returns void
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grants text := jittask.missing_grants(p_table, current_user, true);
  v_owner name;
begin
  if v_grants is null then
    return;
  end if;
  select pg_get_userbyid(n.nspowner) into v_owner from pg_namespace n where n.nspname = 'jittask';
  raise exception 'Role "%" may not watch table "%"', current_user, p_table
    using errcode = 'JT004',
          hint = 'Run: ' || concat_ws('; ', v_grants, jittask.missing_grants(p_table, v_owner, false));
end;
$$;
