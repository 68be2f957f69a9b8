-- A worker within the database: claims due occurrences whose functions are in the database, and no others, one
-- at a time, and runs them with the rights of the session; until time_limit is over, or, with drain, nothing is
-- due. Any number may run at once, beside workers too. A run holds its lease itself, but cannot be stopped from
-- here: keep_sweeping does that. Commits, hence no settings here. Locks: those of claim; those of run_claimed.
create or replace procedure jittask.run_database_functions(
  time_limit interval default '1 minute',
  drain bool default false,
  queues text[] default null
)
language plpgsql
security invoker
as $$
declare
  v_heard_at timestamptz := pg_catalog.clock_timestamp();
  v_until_at timestamptz := v_heard_at + run_database_functions.time_limit;
  v_worker_id bigint;
  v_looked_at timestamptz;
  v_begin_at timestamptz := '-infinity';
  v_next_at timestamptz;
  v_goes_on bool;
  v_judged bool;
  v_run jittask.database_run;
begin
  v_worker_id := jittask.register_session(run_database_functions.queues);
  commit;
  loop
    v_looked_at := pg_catalog.clock_timestamp();
    if v_looked_at >= v_begin_at then
      -- Every second, and before a rest, it looks from the beginning of the queue.
      v_begin_at := v_looked_at + interval '1 second';
      v_run := null;
    end if;
    v_goes_on := v_run.occurrence_id is not null;
    v_run := jittask.claim_database_run(
      v_worker_id, run_database_functions.queues, v_run.run_us, v_run.occurrence_id
    );
    v_judged := pg_catalog.pg_current_xact_id_if_assigned() is not null;
    commit;
    if v_run.occurrence_id is not null then
      v_run := jittask.run_claimed(v_run);
      commit;
      while v_run.outcome is not null loop
        perform jittask.renew(v_worker_id);
        commit;
        perform pg_catalog.pg_sleep(0.1);
        if jittask.report_run(v_run) then
          v_run.outcome := null;
        end if;
        commit;
      end loop;
    elsif v_goes_on then
      v_begin_at := '-infinity';
    elsif v_judged then
      -- What was due was skipped, put off or dropped, and more may be due behind it.
      perform pg_catalog.pg_sleep(0.01);
      commit;
    else
      exit when run_database_functions.drain;
      v_next_at := least(jittask.next_look(run_database_functions.queues, v_looked_at), v_until_at);
      perform pg_catalog.pg_sleep(extract(epoch from v_next_at - pg_catalog.clock_timestamp()));
      commit;
    end if;
    if pg_catalog.clock_timestamp() > v_heard_at + interval '5 seconds' then
      v_heard_at := pg_catalog.clock_timestamp();
      perform jittask.renew(v_worker_id);
      commit;
    end if;
    exit when pg_catalog.clock_timestamp() >= v_until_at;
  end loop;
  perform jittask.unregister_worker(v_worker_id);
end;
$$;
