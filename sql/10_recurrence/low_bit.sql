-- Number of the lowest bit that is set in a positive bitmap, from 0. Inlined.
create or replace function jittask.low_bit(
  p_set bigint
)
returns int
language sql
immutable
as $$
  select round(ln((p_set & -p_set)::float8) * 1.4426950408889634)::int
$$;
