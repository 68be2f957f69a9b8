-- When workers begin in a rehearsal of the time before p_to_at: now, or at p_workers_stopped_until. Refuses
-- times that make no sense.
create or replace function jittask.rehearsal_start(
  p_from_at timestamptz,
  p_to_at timestamptz,
  p_workers_stopped_until timestamptz
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := jittask.now();
begin
  if (p_to_at > v_now and p_to_at < v_now + interval '50 years') is not true then
    raise exception 'to_at is "%"', p_to_at
      using errcode = 'JT001', hint = 'Give an instant to come, within 50 years; records show what ran';
  elsif p_from_at >= p_to_at then
    raise exception 'from_at is "%", which is not before "%"', p_from_at, p_to_at
      using errcode = 'JT001', hint = 'Give an earlier from_at, or a later to_at';
  elsif p_workers_stopped_until < v_now then
    raise exception 'workers_stopped_until is "%", which is past', p_workers_stopped_until
      using errcode = 'JT001', hint = 'Give an instant to come, or leave it out: workers run from now on';
  elsif p_workers_stopped_until >= p_to_at then
    raise exception 'workers_stopped_until is "%", which is not before "%"', p_workers_stopped_until, p_to_at
      using errcode = 'JT001', hint = 'Give a later to_at: what was due until then runs when workers are back';
  end if;
  return coalesce(p_workers_stopped_until, v_now);
end;
$$;
