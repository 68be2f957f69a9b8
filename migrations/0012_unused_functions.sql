-- Functions that nothing calls any more.

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc p
    where p.pronamespace = 'jittask'::regnamespace
      and p.proname in ('changed_days', 'nominal_walls', 'workday_targets', 'forget_series')
  loop
    execute format('drop function %s', v_function);
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (12, 'unused_functions');
