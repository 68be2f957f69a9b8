-- Before a task is written: says in words what a constraint would say with its name only, with the
-- value and the way out, under the same SQLSTATE and constraint name. Runs before the trigger that
-- fills and resolves. No locks.
create or replace function jittask.task_0_check()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_broken record;
begin
  select b.rule, b.message, b.hint into v_broken from jittask.broken_rule(new) b;
  if v_broken.rule is not null then
    raise exception using
      errcode = case v_broken.rule when 'task_calendar_exists' then 'foreign_key_violation' else 'check_violation' end,
      message = v_broken.message,
      hint = v_broken.hint,
      constraint = v_broken.rule,
      schema = 'jittask',
      table = 'task';
  end if;
  if new.handler like 'sql:%'
     and (tg_op = 'INSERT' or (new.handler, new.kind) is distinct from (old.handler, old.kind)) then
    perform jittask.check_database_function(new.handler, new.kind = 'date_field');
  end if;
  return new;
end;
$$;
