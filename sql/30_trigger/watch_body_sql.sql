-- The body of the trigger function of one table: static SQL for all its tasks, in one pass over the
-- transition tables. p_single: tasks without repeat, planned in sets. p_repeating: the others, one
-- series a row. First the fast way, which takes the queue to be as the last write left it; if an
-- identity is in the way there, the careful way. Promise: the user's statement never fails because of
-- us; what goes wrong is noted in replan. Locks: source rows (the statement's), queue rows, series rows.
create or replace function jittask.watch_body_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_repeating bigint[]
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fast text := jittask.watch_events_sql(p_watch, p_single, p_repeating, false);
  v_careful text := jittask.watch_events_sql(p_watch, p_single, p_repeating, true);
  v_clock text :=
    'v_now := jittask.now();
      v_soon_at := v_now operator(pg_catalog.+) ''1 minute''::pg_catalog.interval;';
  -- Rows that are read by the name of the table are those of the table that was written only while it bears it.
  v_name text := format(
    $sql$
      if pg_catalog.to_regclass(%L) operator(pg_catalog.<>) coalesce(pg_catalog.pg_partition_root(tg_relid), tg_relid) then
        raise exception 'the table was changed' using errcode = 'JT005';
      end if;
    $sql$,
    (p_watch).source_table
  );
  -- Nearly every write plans something far ahead and need not ask who sleeps.
  v_wake text :=
    'if v_first_at operator(pg_catalog.<) v_soon_at then
        perform jittask.wake_workers(v_first_at);
      end if;';
begin
  if (p_watch).on_error = 'raise' then
    return format(
      $sql$
  begin
    %s
    %s
    %s
    %s
    return null;
  exception
    when others then
      raise exception 'Rows of %% cannot be planned: %%', %L, sqlerrm
        using errcode = sqlstate, hint = %L;
  end;
      $sql$,
      v_clock, v_name, v_careful, v_wake, (p_watch).source_table,
      format(
        'The next sweep of a worker follows a change of the table. To have such rows planned later instead: select jittask.set_on_error(%L, ''replan'')',
        (p_watch).source_table
      )
    );
  end if;
  return format(
    $sql$
  loop
    begin
      %s
      if v_careful then
        %s
        %s
      else
        %s
        %s
      end if;
      %s
      return null;
    exception
      when others then
        if sqlstate operator(pg_catalog.=) '23505' and not v_careful then
          v_careful := true;
          continue;
        end if;
        %s
        return null;
    end;
  end loop;
    $sql$,
    v_clock, v_name, v_careful, case when (p_watch).reads_current then v_name else '' end, v_fast, v_wake, jittask.watch_net_sql(p_watch)
  );
end;
$$;
