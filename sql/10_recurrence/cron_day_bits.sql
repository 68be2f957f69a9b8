-- The days from p_from on, a bit each, on which a compiled cron expression matches: one bitmap a month.
create or replace function jittask.cron_day_bits(
  p_cron int[],
  p_from date,
  p_days int
)
returns varbit
language sql
immutable
as $$
  select case
    when p_cron[1] & 2 = 2 then repeat('1', p_days)::varbit
    else (
      select substr(
        string_agg(
          case
            when (p_cron[7] >> date_part('month', m.first_day)::int) & 1 = 1 then left(
              reverse(p_cron[date_part('dow', m.first_day)::int * 4 + m.length - 17]::bit(31)::text), m.length
            )
            else repeat('0', m.length)
          end,
          '' order by m.first_day
        ),
        p_from - date_trunc('month', p_from::timestamp)::date + 1, p_days
      )::varbit
      from (
        select g.at as first_day, date_part('day', g.at + interval '1 month' - interval '1 day')::int as length
        from generate_series(
          date_trunc('month', p_from::timestamp), (p_from + p_days)::timestamp, interval '1 month'
        ) g(at)
      ) m
    )
  end
$$;
