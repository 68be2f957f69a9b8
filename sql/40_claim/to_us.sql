-- An instant as microseconds since 1970, UTC: workers exchange integers, which cost them a fraction
-- of what timestamps do. Declared stable, as its parts are, or it would not be inlined.
create or replace function jittask.to_us(
  p_at timestamptz
)
returns bigint
language sql
stable
security invoker
as $$
  select (extract(epoch from p_at) * 1000000)::bigint;
$$;
