-- Microseconds since 1970, UTC, as an instant. In whole seconds and a rest, because one product in
-- double precision would lose the last digit. Stable for the sake of inlining, as to_us.
create or replace function jittask.from_us(
  p_us bigint
)
returns timestamptz
language sql
stable
security invoker
as $$
  select timestamptz '1970-01-01 00:00:00+00'
    + make_interval(secs => p_us / 1000000)
    + (p_us % 1000000) * interval '1 microsecond';
$$;
