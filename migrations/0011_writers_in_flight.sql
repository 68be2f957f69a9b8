-- What was in flight when a zone or a calendar was changed may still have planned by the old one: such
-- an entry of replan waits until these writers have ended.

alter table jittask.replan add column writers text[];

comment on column jittask.replan.writers is
  'Virtual transactions that wrote to the table meanwhile: planned when all have ended; {} = look for them; null = plan at once';

insert into jittask.migration (version, name) values (11, 'writers_in_flight');
