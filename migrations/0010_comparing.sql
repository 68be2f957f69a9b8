-- Tables are compared with what is planned for them in chunks, and series are planned and forgotten in sets,
-- by functions with other names. Those that nothing calls any more go; the trigger functions that called them
-- are generated anew in the same transaction.

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc p
    where p.pronamespace = 'jittask'::regnamespace
      and p.proname in (
        'plan_difference', 'reconcile_chunk', 'plan_series', 'forget_series', 'changed_days', 'nominal_walls',
        'workday_targets'
      )
  loop
    execute format('drop function %s', v_function);
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (10, 'comparing');
