-- See setting_check and setting_changed.
create or replace trigger setting_check
before insert or update or delete on jittask.setting
for each row execute function jittask.setting_check();

create or replace trigger setting_changed
after update on jittask.setting
for each row when (new.name = 'timezone' and new.value is distinct from old.value)
execute function jittask.setting_changed();
