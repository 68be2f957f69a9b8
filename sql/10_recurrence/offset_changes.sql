-- All changes of a zone's offset in (p_from, p_until], seconds since 1970 UTC: the instant, and the
-- offsets before and from it. Samples every three days, and every six and a half since 1970: no zone
-- has gone back to an offset sooner than 95 hours after, and since then not within a week.
create or replace function jittask.offset_changes(
  p_from bigint,
  p_until bigint,
  p_timezone text
)
returns table (
  changed_at bigint,
  offset_before bigint,
  offset_after bigint
)
language sql
stable
rows 10
as $$
  select jittask.offset_change(f.at, f.following_at, p_timezone), f.seconds, f.following
  from (
    select s.at, s.seconds,
      lead(s.at) over w as following_at,
      lead(s.seconds) over w as following
    from (
      select t.at, date_part('epoch', to_timestamp(t.at) at time zone p_timezone)::bigint - t.at as seconds
      from (
        select g.at
        from generate_series(p_from, least(p_until, 0) - 1, 259200) g(at)
        union all
        select least(g.at, p_until)
        from generate_series(greatest(p_from, 0), p_until + 561599, 561600) g(at)
        where p_until >= 0
        union all
        select p_until
        where p_until < 0
      ) t
    ) s
    window w as (order by s.at)
  ) f
  where f.seconds <> f.following
$$;
