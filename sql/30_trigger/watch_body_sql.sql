-- The body of the trigger function of one table: static SQL for all its tasks, in one pass over the
-- transition tables. p_single: tasks without repeat, planned in sets. p_repeating: the others, one
-- series a row. Promise: the user's statement never fails because of us; what goes wrong is noted in
-- replan. Locks: source rows (the statement's), then queue rows, then series rows.
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
  v_key text := jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r');
  v_since text :=
    'case t.past_due when ''run_now'' then ''-infinity''::pg_catalog.timestamptz else v_now operator(pg_catalog.-) t.misfire_grace end';
  v_new text := jittask.watch_relation_sql(p_watch, 'new');
  v_old text := jittask.watch_relation_sql(p_watch, 'old');
  v_all text := quote_literal(p_single || p_repeating);
  v_columns text;
  v_insert text := '';
  v_update text := '';
  v_delete text := '';
  v_changed text;
begin
  select string_agg(format('r.%I', c.name), ', ' order by c.name) into v_columns
  from jsonb_object_keys((p_watch).columns) c (name);
  v_changed := format(
    'changed as materialized (
      select %1$s from %2$s except select %1$s from %3$s
    ), gone as materialized (
      select %4$s as source_key from %3$s where (select count(*) > 0 from changed)
      except
      select %4$s from %2$s where (select count(*) > 0 from changed)
    )', v_columns, v_new, v_old, v_key
  );
  if p_single <> '{}' then
    v_insert := jittask.watch_put_sql(
      'select w.* from (' || jittask.wanted_sql(p_single, v_new, v_key, v_since) || ') w'
    );
    v_update := format(
      'with %s, wanted as materialized (%s), removed as (
        delete from jittask.due_queue q
        using (
          select w.task_id, w.source_key, w.due_at from wanted w
          union all
          select t.task_id, g.source_key, null
          from gone g cross join unnest(%L::pg_catalog.int8[]) t (task_id)
        ) w
        where q.task_id = w.task_id
          and q.source_key = w.source_key
          and q.plan_no is not null
          and q.first_claimed_at is null
          and q.due_at is distinct from w.due_at
      )', v_changed, jittask.wanted_sql(p_single, 'changed r', v_key, v_since), p_single
    ) || jittask.watch_put_sql('select w.* from wanted w');
    v_delete := format(
      'delete from jittask.due_queue q
      using (select %s as source_key from %s) k
      where q.task_id = any (%L::pg_catalog.int8[])
        and q.source_key = k.source_key
        and q.plan_no is not null
        and q.first_claimed_at is null;', v_key, v_old, p_single
    );
  end if;
  if p_repeating <> '{}' then
    v_insert := v_insert || jittask.watch_series_sql(
      '', jittask.wanted_sql(p_repeating, v_new, v_key, '''-infinity''')
          || ' where t.nominal_at is not null'
    );
    v_update := v_update || jittask.watch_series_sql(
      'with ' || v_changed,
      jittask.wanted_sql(p_repeating, 'changed r', v_key, '''-infinity''')
    ) || format(
      'for v_series in with %s select g.source_key from gone g loop
        perform jittask.forget_series(%L::pg_catalog.int8[], v_series.source_key);
      end loop;', v_changed, p_repeating
    );
    v_delete := v_delete || format(
      'for v_series in select %s as source_key from %s loop
        perform jittask.forget_series(%L::pg_catalog.int8[], v_series.source_key);
      end loop;', v_key, v_old, p_repeating
    );
  end if;
  return format(
    $sql$
  if tg_op = 'INSERT' then
    %s
  elsif tg_op = 'UPDATE' then
    %s
  elsif tg_op = 'DELETE' then
    %s
    return null;
  else
    delete from jittask.due_queue q
    where q.task_id = any (%s::pg_catalog.int8[])
      and q.plan_no is not null
      and q.first_claimed_at is null;
    delete from jittask.series s where s.task_id = any (%s::pg_catalog.int8[]);
    return null;
  end if;
  perform jittask.wake_for_tasks(%s::pg_catalog.int8[], v_now);
  return null;
%s$sql$,
    v_insert, v_update, v_delete, v_all, v_all, v_all,
    case
      when (p_watch).on_error = 'raise' then ''
      else jittask.watch_net_sql((p_watch).source_table, v_key, v_new, v_old)
    end
  );
end;
$$;
