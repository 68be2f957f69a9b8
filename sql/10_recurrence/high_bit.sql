-- Number of the highest bit that is set in a positive bitmap below 2^60, from 0: one less than the
-- length of the binary digits. Inlined.
create or replace function jittask.high_bit(
  p_set bigint
)
returns int
language sql
immutable
as $$
  select length(ltrim(p_set::bit(64)::text, '0')) - 1
$$;
