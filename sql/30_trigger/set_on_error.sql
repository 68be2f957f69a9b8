-- Says what an error of ours in the triggers of a watched table does: replan (the statement goes on, the
-- rows are noted and planned by the sweep) or raise (the statement fails with it). Holds from the next
-- statement on. Security definer: nobody but the owner may write to watch.
create or replace function jittask.set_on_error(
  source_table regclass,
  on_error text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass := coalesce(pg_partition_root(set_on_error.source_table), set_on_error.source_table);
  v_watch jittask.watch;
begin
  if set_on_error.on_error is null or set_on_error.on_error not in ('replan', 'raise') then
    raise exception 'on_error is "%"', set_on_error.on_error
      using errcode = 'JT001', hint = 'Give replan or raise';
  end if;
  update jittask.watch w
  set on_error = set_on_error.on_error
  where jittask.named_table(w.source_table) = v_table
  returning w.* into v_watch;
  if not found then
    raise exception 'source_table is "%", and it is not watched', set_on_error.source_table
      using errcode = 'JT001', hint = format('Define a task on it, or run: select jittask.attach_table(%L)', v_table);
  end if;
  perform jittask.build_watch(v_watch.source_table);
end;
$$;
