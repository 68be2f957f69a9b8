-- What a worker does beside its runs, until time_limit is over: sweeps every five seconds, every second while
-- something waits to be planned anew, and stops runs of sessions of the database that are cancelled or over
-- their timeout; for that its role is theirs. Commits, hence no settings here; called by pg_cron.
create or replace procedure jittask.keep_sweeping(
  time_limit interval default '1 minute'
)
language plpgsql
security invoker
as $$
declare
  v_until_at timestamptz := pg_catalog.clock_timestamp() + keep_sweeping.time_limit;
  v_sweep_at timestamptz := '-infinity';
  v_pause float8;
  v_done jsonb;
begin
  loop
    perform pg_catalog.pg_cancel_backend(a.pid)
    from jittask.look_after_sessions() s
    join pg_catalog.pg_stat_activity a
      on a.pid = s.pid and a.usename = current_user and a.backend_start <= s.claimed_at;
    commit;
    v_pause := 1;
    if pg_catalog.clock_timestamp() >= v_sweep_at
       or exists (select from jittask.replan)
       or exists (select from jittask.backfill) then
      v_sweep_at := pg_catalog.clock_timestamp() + interval '5 seconds';
      begin
        v_done := jittask.sweep();
      exception
        when lock_not_available or deadlock_detected or serialization_failure then v_done := null;
      end;
      if (v_done -> 'more')::bool and (v_done -> 'replanned')::int > 0 then
        -- A large table is planned chunk by chunk: on with it.
        v_pause := 0.05;
      end if;
      commit;
    end if;
    exit when pg_catalog.clock_timestamp() >= v_until_at;
    perform pg_catalog.pg_sleep(v_pause);
    commit;
  end loop;
end;
$$;
