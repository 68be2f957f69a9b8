-- Part of a generated trigger function: what is done on insert, update, delete and truncate. p_careful:
-- the rows are read as they stand now, what is in the queue is looked for, and no identity in the way is
-- an error.
create or replace function jittask.watch_events_sql(
  p_watch jittask.watch,
  p_single bigint[],
  p_repeating bigint[],
  p_careful bool
)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reads_current bool := (p_watch).reads_current or p_careful;
  v_key text := jittask.key_sql((p_watch).table_oid::regclass, (p_watch).key_columns, 'r');
  v_all text := quote_literal(p_single || p_repeating) || '::pg_catalog.int8[]';
  v_old text := jittask.watch_relation_sql(p_watch, 'old');
  v_now text := jittask.watch_relation_sql(p_watch, case when v_reads_current then 'current' else 'new' end);
  v_changed text := jittask.watch_changed_sql(p_watch, v_now);
  v_keys text := format('select %s as source_key from %s', v_key, v_old);
  v_gone text;
  v_insert text := '';
  v_update text := '';
  v_delete text := '';
  v_truncate text;
  v_begun bigint[];
  v_per_row bool := jittask.fires_per_row(p_watch);
begin
  -- Where triggers of the user's own run after a write, a key may be there again.
  if v_reads_current then
    v_keys := format('%s except select %s from %s', v_keys, v_key, jittask.watch_relation_sql(p_watch, 'kept'));
    v_gone := v_keys;
  else
    v_gone := format('%s except select %s from %s', v_keys, v_key, v_now);
  end if;
  if p_single <> '{}' then
    v_insert := case
      -- A row that moves to another partition comes as a new one.
      when v_reads_current or v_per_row
        then jittask.put_wanted_sql(jittask.wanted_sql(p_single, v_now, v_key, 'v_now'), 'v_now', p_careful, true) || ' into v_first_at;'
      else jittask.watch_put_sql(
        (p_watch).source_table, jittask.wanted_sql(p_single, v_now, v_key, 'v_now'),
        jittask.wanted_keys_sql(p_single, v_now, v_key)
      )
    end;
    v_update := jittask.put_wanted_sql(
      jittask.wanted_sql(
        p_single,
        -- What is past is planned again at a change of its row only.
        case
          when exists (select from jittask.task t where t.task_id = any (p_single) and t.past_due = 'run_now')
            then v_changed
          else v_now
        end,
        v_key, 'v_now'
      ),
      'v_now', p_careful, true
    ) || ' into v_first_at;';
    v_delete := jittask.watch_drop_sql(p_single, v_keys);
    if not v_per_row then
      v_delete := v_delete || format(
        'if exists (select from jittask.called_off) then
          delete from jittask.called_off c
          where c.task_id = any (%L::pg_catalog.int8[]) and c.source_key in (%s);
        end if;', p_single, v_keys
      );
    end if;
  end if;
  if p_repeating <> '{}' then
    select coalesce(array_agg(t.task_id), '{}') into v_begun
    from jittask.task t
    where t.task_id = any (p_repeating)
      and t.skip_holidays = 'none'
      and not (v_reads_current or v_per_row);
    if v_begun <> '{}' then
      v_insert := v_insert || jittask.watch_begin_sql(
        (p_watch).source_table, jittask.wanted_sql(v_begun, v_now, v_key, 'v_now'),
        jittask.wanted_keys_sql(v_begun, v_now, v_key)
      );
    end if;
    v_insert := v_insert || 'v_count := 0;' || jittask.watch_series_sql(
      format(
        'select z.* from (%s) z where z.nominal_at is not null and (%s) limit 20000',
        jittask.wanted_sql(p_repeating, v_now, v_key, 'v_now'),
        case
          when v_begun = '{}' then 'true'
          else format(
            'pg_catalog.date_trunc(''second'', z.nominal_at) operator(pg_catalog.<=) v_now or z.task_id operator(pg_catalog.<>) all (%L::pg_catalog.int8[])',
            v_begun
          )
        end
      )
    ) || format(
      'if v_count operator(pg_catalog.=) 20000 then %s end if;',
      jittask.watch_list_sql((p_watch).source_table, jittask.wanted_keys_sql(p_repeating, v_now, v_key))
    );
    v_update := v_update || jittask.watch_series_sql(
      jittask.wanted_sql(p_repeating, v_changed, v_key, 'v_now')
    );
    v_delete := v_delete || jittask.watch_forget_sql(p_watch, p_repeating, v_keys);
  end if;
  if not v_per_row then
    v_update := format(
      $sql$
    v_count := v_count operator(pg_catalog./) 2;
    if v_count operator(pg_catalog.>) 50000 then
      select pg_catalog.count(*) into v_count from %s;
    end if;
    if v_count operator(pg_catalog.>) 50000 then
      %s
    else
      %s
    end if;
      $sql$,
      v_changed, jittask.watch_many_sql(p_watch, p_single, v_changed, v_key), v_update
    );
  end if;
  v_truncate := format(
    'delete from jittask.due_queue q
      where q.task_id = any (%1$s) and q.plan_no is not null and q.first_claimed_at is null;
    delete from jittask.series s where s.task_id = any (%1$s);
    delete from jittask.called_off c where c.task_id = any (%1$s);', v_all
  );
  if (p_watch).reads_current then
    v_truncate := v_truncate || format(
      'insert into jittask.replan (source_table, reason) values (%L, ''truncated, with triggers of its own'');',
      (p_watch).source_table
    );
  end if;
  return format(
    $sql$
  if tg_op operator(pg_catalog.=) 'INSERT' then
    %s
  elsif tg_op operator(pg_catalog.=) 'UPDATE' then
    %s
    if v_same then
      return null;
    end if;
    %s
    if not v_same_keys then
      %s
    end if;
  elsif tg_op operator(pg_catalog.=) 'DELETE' then
    %s
    return null;
  else
    %s
    return null;
  end if;
    $sql$,
    v_insert, jittask.watch_compare_sql(p_watch), v_update, replace(v_delete, v_keys, v_gone), v_delete, v_truncate
  );
end;
$$;
