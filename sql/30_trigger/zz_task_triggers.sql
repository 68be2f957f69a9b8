-- Numbered for firing order. Changes that jittask.follow_names makes are planned by its caller. Updates
-- that change nothing are ignored; compared as text, because '1 day' and '24 hours' are equal intervals
-- and different timings.
create or replace trigger task_1_normalise
before insert or update on jittask.task
for each row execute function jittask.task_1_normalise();

create or replace trigger task_2_attach_new
after insert on jittask.task
for each row when (new.kind = 'date_field' and new.paused_at is null)
execute function jittask.task_2_attach();

create or replace trigger task_2_attach_changed
after update on jittask.task
for each row when (
  new.kind = 'date_field'
  and new.paused_at is null
  and jittask.timing_of(old) is distinct from jittask.timing_of(new)
  and coalesce(pg_catalog.current_setting('jittask.follows', true), '') <> 'on'
)
execute function jittask.task_2_attach();

create or replace trigger task_3_plan_new
after insert on jittask.task
for each row execute function jittask.task_3_plan();

create or replace trigger task_3_plan_changed
after update on jittask.task
for each row when (
  old.*::text is distinct from new.*::text
  and coalesce(pg_catalog.current_setting('jittask.follows', true), '') <> 'on'
)
execute function jittask.task_3_plan();

create or replace trigger task_4_forget
after delete on jittask.task
for each row execute function jittask.task_4_forget();
