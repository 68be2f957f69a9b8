-- Notices that the server's zone database changed under the plans: tasks of a zone whose offsets are
-- no longer those they were planned by are planned anew. Returns the zones. Caller: register_worker.
-- Locks: zone rows, then those of replan_scheduled.
create or replace function jittask.check_zones()
returns setof text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := jittask.now();
  v_year date := date_trunc('year', v_now at time zone 'UTC')::date;
  v_zone record;
begin
  for v_zone in
    select z.name, z.fingerprint,
      z.fingerprint <> jittask.zone_fingerprint(z.name, z.seen_from) as changed
    from jittask.zone z
    where z.name in (select p.timezone from jittask.plan p)
      and (z.seen_from is distinct from v_year
           or z.fingerprint <> jittask.zone_fingerprint(z.name, z.seen_from))
    order by z.name
    for update skip locked
  loop
    update jittask.zone z
    set seen_from = v_year, fingerprint = jittask.zone_fingerprint(z.name, v_year)
    where z.name = v_zone.name;
    continue when v_zone.changed is not true;
    perform jittask.replan_scheduled(
      array(
        select t.task_id
        from jittask.task t
        join jittask.plan p on p.task_id = t.task_id
        where p.timezone = v_zone.name and t.kind = 'scheduled' and t.paused_at is null
      ),
      v_now
    );
    insert into jittask.replan (task_id, reason)
    select t.task_id, 'the zone database changed'
    from jittask.task t
    join jittask.plan p on p.task_id = t.task_id
    where p.timezone = v_zone.name and t.kind = 'date_field' and t.paused_at is null;
    return next v_zone.name;
  end loop;
end;
$$;
