-- One per event: a trigger with transition tables serves one event only.
create or replace trigger calendar_days_added
after insert on jittask.calendar_day
referencing new table as new_row
for each statement execute function jittask.calendar_days_changed();

create or replace trigger calendar_days_altered
after update on jittask.calendar_day
referencing old table as old_row new table as new_row
for each statement execute function jittask.calendar_days_changed();

create or replace trigger calendar_days_removed
after delete on jittask.calendar_day
referencing old table as old_row
for each statement execute function jittask.calendar_days_changed();

create or replace trigger calendar_weekend_altered
after update on jittask.calendar
for each row when (old.weekend is distinct from new.weekend)
execute function jittask.calendar_changed();
