-- Who may do what. Execute rights are the check: nothing is granted to PUBLIC, and nobody but the
-- owner holds write rights on due_queue, lease and run_history. Group roles that are missing, as in a cluster
-- that the database was restored into, are made where that is allowed, else passed over.
do $$
declare
  v_grant record;
begin
  for v_grant in
    select g.role
    from unnest(array['jittask_admin', 'jittask_worker', 'jittask_client', 'jittask_viewer']) g (role)
    where not exists (select from pg_catalog.pg_roles r where r.rolname = g.role)
      and (select r.rolsuper or r.rolcreaterole from pg_catalog.pg_roles r where r.rolname = current_user)
  loop
    begin
      execute format('create role %I nologin', v_grant.role);
    exception
      -- Another database of the cluster made it at the same moment.
      when duplicate_object or unique_violation then null;
    end;
  end loop;
  execute 'revoke all on all routines in schema jittask from public';
  for v_grant in
    select r.rolname, g.statement
    from (
      values
        ('jittask_admin', 'grant usage on schema jittask to %I'),
        ('jittask_admin', 'grant select on all tables in schema jittask to %I'),
        ('jittask_admin', 'grant insert, update, delete on jittask.task, jittask.calendar, jittask.calendar_day to %I'),
        ('jittask_admin', 'grant update on jittask.setting to %I'),
        ('jittask_admin', 'grant execute on all routines in schema jittask to %I'),
        ('jittask_worker', 'grant usage on schema jittask to %I'),
        ('jittask_worker', 'grant select on all tables in schema jittask to %I'),
        ('jittask_client', 'grant usage on schema jittask to %I'),
        ('jittask_client', 'grant select on jittask.setting, jittask.own_record to %I'),
        ('jittask_viewer', 'grant usage on schema jittask to %I'),
        ('jittask_viewer', 'grant select on jittask.setting to %I'),
        ('jittask_viewer', 'grant select (task_id, name, title, kind, handler, repeat, timezone, source_table, date_field, queue, paused_at) on jittask.task to %I'),
        ('jittask_viewer', 'grant select on jittask.waiting, jittask.execution_record, jittask.calendar, jittask.calendar_day to %I')
    ) g (role, statement)
    join pg_catalog.pg_roles r on r.rolname = g.role
  loop
    execute format(v_grant.statement, v_grant.rolname);
  end loop;
  for v_grant in
    select r.rolname, p.oid::regprocedure as function
    from (
      values
        ('jittask_worker', array[
          'now', 'register_worker', 'unregister_worker', 'claim', 'finish', 'give_back', 'renew',
          'note_progress', 'doze', 'sweep', 'enqueue', 'enqueue_many', 'sees_results', 'cron_next',
          'next_occurrences', 'shift_to_workday', 'preview', 'rehearse', 'rehearse_tasks', 'explain', 'why_due',
          'why_last', 'installation_timezone', 'clock_of', 'canonical_timezone',
          -- What the statement names with which a worker reads a source row again.
          'field_nominal', 'field_instant', 'to_instant', 'offset_change',
          'run_database_functions', 'register_session', 'claim_database_run', 'run_claimed', 'hold_lease',
          'reread_row', 'call_claimed', 'call_database_function', 'failed_run', 'stopped_run', 'storable_text',
          'report_run', 'next_look', 'to_us', 'keep_sweeping', 'look_after_sessions'
        ]),
        ('jittask_client', array[
          'now', 'enqueue', 'enqueue_many', 'cancel', 'retry', 'sees_results', 'cron_next',
          'next_occurrences', 'shift_to_workday', 'installation_timezone', 'clock_of', 'to_instant',
          'offset_change'
        ]),
        ('jittask_viewer', array[
          'now', 'sees_results', 'cron_next', 'next_occurrences', 'shift_to_workday', 'preview',
          'rehearse', 'rehearse_tasks', 'explain', 'why_due', 'why_last', 'installation_timezone', 'clock_of',
          'canonical_timezone', 'field_nominal', 'field_instant', 'to_instant', 'offset_change'
        ])
    ) g (role, functions)
    join pg_catalog.pg_roles r on r.rolname = g.role
    join pg_catalog.pg_proc p
      on p.proname = any (g.functions) and p.pronamespace = 'jittask'::regnamespace
  loop
    execute format('grant execute on routine %s to %I', v_grant.function, v_grant.rolname);
  end loop;
end;
$$;
