-- What records show while an occurrence runs, and how its earlier runs are found.

-- In no index, so that telling is a HOT update of the one row that is renewed all the time anyway; and
-- gone with the lease, so that nothing has to be cleaned up.
alter table jittask.lease add column progress jsonb;

comment on column jittask.lease.progress is
  'By occurrence id, how far its run has come: {"7": {"done": 40, "total": 100, "message": "…", "at": "…"}}; null = no run said';

-- The identity of a run is looked up for every row that is written with a date in the past. Without the
-- key in it, an index would lead to all rows of the table that share the date.
-- squawk-ignore require-concurrent-index-deletion
drop index jittask.run_history_by_task;
-- squawk-ignore require-concurrent-index-creation
create index run_history_by_task on jittask.run_history (task_id, due_at, source_key) where task_id is not null;

-- It gets one more parameter.
do $$
begin
  if to_regprocedure('jittask.claim(bigint, int, text[], bigint, bigint, bool)') is not null then
    drop function jittask.claim(bigint, int, text[], bigint, bigint, bool);
  end if;
end;
$$;

insert into jittask.migration (version, name) values (9, 'execution_records');
