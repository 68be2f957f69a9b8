-- The cheapest expression that gives what p_function, field_nominal or field_end, gives for the column
-- p_column_sql of type date, timestamp or timestamptz. Values well inside the years 1 to 9999
-- take a plain expression; the rest, and wall-clock times within a day of a change of offset, go
-- through the functions. All names in it are qualified, constants independent of settings.
create or replace function jittask.field_sql(
  p_function text,
  p_type text,
  p_column_sql text,
  p_offset interval,
  p_at_time time,
  p_timezone text
)
returns text
language plpgsql
stable
as $$
declare
  c_interval constant text := 'pg_catalog.make_interval(months => %s, days => %s, secs => %s)';
  v_months int := extract(year from p_offset) * 12 + extract(month from p_offset);
  v_days int := extract(day from p_offset);
  v_elapsed numeric := extract(
    epoch from p_offset - make_interval(months => v_months, days => v_days)
  );
  v_whole_day bool := p_function = 'field_end' and p_type = 'date' and p_at_time is null;
  v_seconds numeric := coalesce(extract(epoch from p_at_time), 0);
  -- Days that the offset can move a value by, with room for the zone.
  v_margin numeric := abs(v_months::numeric) * 31 + abs(v_days::numeric) + ceil(abs(v_elapsed) / 86400) + 3;
  v_call text := format(
    'jittask.%I(%s, %s, %L::pg_catalog.time, %L::pg_catalog.text)',
    p_function, p_column_sql, format(c_interval, v_months, v_days, v_elapsed),
    to_char(p_at_time, 'HH24:MI:SS.US'), p_timezone
  );
  v_wall text := p_column_sql;
  v_instant text;
begin
  if v_margin > 1000000 then
    return v_call;
  end if;

  if p_type = 'timestamptz' and v_months = 0 and v_days = 0 and p_at_time is null then
    v_instant := p_column_sql;
  else
    if p_type = 'timestamptz' then
      v_wall := format('pg_catalog.timezone(%L, %s)', p_timezone, v_wall);
    end if;
    if p_type = 'date' or p_at_time is null then
      v_wall := format(
        '(%s operator(pg_catalog.+) ' || c_interval || ')',
        v_wall, v_months, v_days + v_whole_day::int, v_seconds
      );
    else
      v_wall := format(
        '(pg_catalog.date_trunc(''day'', %s operator(pg_catalog.+) ' || c_interval || ')'
          ' operator(pg_catalog.+) ' || c_interval || ')',
        v_wall, v_months, v_days, 0, 0, 0, v_seconds
      );
    end if;
    v_instant := format('pg_catalog.timezone(%L, %s)', p_timezone, v_wall);
    -- These zones have never changed their offset and never will.
    if p_timezone !~ '^(UTC|UCT|Zulu|Universal|Greenwich|GMT([+-]?0)?|Etc/.*)$' then
      v_instant := format(
        'case when (pg_catalog.timezone(%1$L, %2$s operator(pg_catalog.-) %3$s) operator(pg_catalog.+) %4$s)'
        ' operator(pg_catalog.=) pg_catalog.timezone(%1$L, %2$s operator(pg_catalog.+) %3$s)'
        ' then %5$s else jittask.to_instant(%2$s, %1$L) end',
        p_timezone, v_wall, 'pg_catalog.make_interval(hours => 24)',
        'pg_catalog.make_interval(hours => 48)', v_instant
      );
    end if;
  end if;

  v_elapsed := v_elapsed - case when v_whole_day then 0.000001 else 0 end;
  if v_elapsed <> 0 then
    v_instant := format('(%s) operator(pg_catalog.+) ' || c_interval, v_instant, 0, 0, v_elapsed);
  end if;
  return format(
    'case when %1$s operator(pg_catalog.>=) %2$L::pg_catalog.%3$I and %1$s operator(pg_catalog.<=) %4$L::pg_catalog.%3$I'
    ' then %5$s when %1$s is not null then %6$s end',
    p_column_sql,
    to_char(date '0001-01-01' + v_margin::int, 'YYYY-MM-DD') || case p_type when 'timestamptz' then ' 00:00+00' else '' end,
    p_type,
    to_char(date '9999-12-31' - v_margin::int, 'YYYY-MM-DD') || case p_type when 'timestamptz' then ' 00:00+00' else '' end,
    v_instant, v_call
  );
end;
$$;
