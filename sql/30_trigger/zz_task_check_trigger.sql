-- Fires before task_1_normalise; see task_0_check.
create or replace trigger task_0_check
before insert or update on jittask.task
for each row execute function jittask.task_0_check();
