-- A value, provided that its type is that of the second argument. No cast reconciles two types that have to
-- be one, so that a statement which names another type is refused before it runs; and since the planner
-- puts the value in its place, one that runs pays nothing. Settings would keep the planner from that.
-- Caller: generated trigger functions.
create or replace function jittask.of_type(
  p_value anyelement,
  p_type anyelement
)
returns anyelement
language sql
immutable
as $$
  select p_value
$$;
