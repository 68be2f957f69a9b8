-- SQL of one comparison between two operands of the same family, in parentheses, its operator written
-- out. Enums are compared by the functions behind the operators: pg_catalog."=" with an enum may
-- resolve to that of text through an implicit cast of the user's, enum_eq has one meaning only.
create or replace function jittask.comparison_sql(
  p_left   text,
  p_op     text,
  p_right  text,
  p_family text,
  p_type   oid
)
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
  select case
           when p_family = 'enum' then
             format('pg_catalog.%s(%s, %s)',
                    case p_op
                      when '=' then 'enum_eq' when '!=' then 'enum_ne' when '<' then 'enum_lt'
                      when '<=' then 'enum_le' when '>' then 'enum_gt' when '>=' then 'enum_ge'
                    end,
                    p_left, p_right)
           when p_family in ('citext', 'extension') then
             format('(%s %s %s)', p_left, jittask.extension_operator(p_type, p_op), p_right)
           else
             format('(%s operator(pg_catalog.%s) %s)', p_left,
                    case p_op when '!=' then '<>' when 'like' then '~~' when 'ilike' then '~~*' else p_op end,
                    p_right)
         end;
$$;
