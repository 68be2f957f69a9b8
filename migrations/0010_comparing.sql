-- Tables are compared with what is planned for them in chunks, and series are planned in sets, by functions
-- with other names.

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc p
    where p.pronamespace = 'jittask'::regnamespace and p.proname in ('plan_difference', 'reconcile_chunk', 'plan_series')
  loop
    execute format('drop function %s', v_function);
  end loop;
end;
$$;

insert into jittask.migration (version, name) values (10, 'comparing');
