"""Calendars and their marked days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .call import Call


def listed() -> Call:
    """Calendars: name, country, subdivision, weekend (JSON text), first and last marked day, number of marked
    days, of those made by hand, number of tasks that use it."""
    return Call(
        """
        select
          c.name, c.country, c.subdivision, cast(to_json(c.weekend) as text),
          d.first, d.last, d.days, d.manual,
          (select count(*) from jittask.task t where t.calendar = c.name)
        from jittask.calendar c
        cross join lateral (
          select min(d.day), max(d.day), count(*), count(*) filter (where d.source = 'manual')
          from jittask.calendar_day d
          where d.calendar = c.name
        ) d (first, last, days, manual)
        order by c.name
        """
    )


def days(calendar: str, first_on: str, last_on: str) -> Call:
    """Marked days of a calendar from one day through another: day, working, name, source."""
    return Call(
        """
        select d.day, d.working, d.name, d.source
        from jittask.calendar_day d
        where d.calendar = cast(%(calendar)s as text)
          and d.day >= cast(cast(%(first_on)s as text) as date)
          and d.day <= cast(cast(%(last_on)s as text) as date)
        order by d.day
        """,
        {"calendar": calendar, "first_on": first_on, "last_on": last_on},
    )


def put(name: str, country: str | None, subdivision: str | None, weekend: Sequence[int]) -> Call:
    """Adds a calendar or changes it; a row where that changes something: whether it is new."""
    return Call(
        """
        insert into jittask.calendar as c (name, country, subdivision, weekend)
        values (
          cast(%(name)s as text), cast(%(country)s as text), cast(%(subdivision)s as text),
          cast(cast(%(weekend)s as text) as int[])
        )
        on conflict (name) do update
          set country = excluded.country, subdivision = excluded.subdivision, weekend = excluded.weekend
          where (c.country, c.subdivision, c.weekend)
            is distinct from (excluded.country, excluded.subdivision, excluded.weekend)
        returning c.xmax = 0
        """,
        {
            "name": name,
            "country": country,
            "subdivision": subdivision,
            "weekend": "{" + ",".join(str(weekday) for weekday in weekend) + "}",
        },
    )


def insert(name: str, weekend: Sequence[int]) -> Call:
    """Adds a calendar made by hand; a row where there was none of that name."""
    return Call(
        """
        insert into jittask.calendar as c (name, weekend)
        values (cast(%(name)s as text), cast(cast(%(weekend)s as text) as int[]))
        on conflict (name) do nothing
        returning c.name
        """,
        {"name": name, "weekend": "{" + ",".join(str(weekday) for weekday in weekend) + "}"},
    )


def remove(name: str) -> Call:
    """Deletes a calendar; a row where there was one."""
    return Call(
        "delete from jittask.calendar c where c.name = cast(%(name)s as text) returning c.name",
        {"name": name},
    )


def put_days(calendar: str, days: Sequence[Mapping[str, object]], source: str) -> Call:
    """Marks days; a row for each that was added or changed. Synced days leave those made by hand alone.

    Args:
        calendar: the calendar.
        days: objects with "day" (ISO), "working" and "name".
        source: manual or sync.
    """
    return Call(
        """
        insert into jittask.calendar_day as d (calendar, day, working, name, source)
        select cast(%(calendar)s as text), n.day, n.working, n.name, cast(%(source)s as text)
        from json_to_recordset(cast(cast(%(days)s as text) as json)) n (day date, working bool, name text)
        on conflict (calendar, day) do update
          set working = excluded.working, name = excluded.name, source = excluded.source
          where (d.source = 'sync' or excluded.source = 'manual')
            and (d.working, d.name, d.source)
              is distinct from (excluded.working, excluded.name, excluded.source)
        returning d.day
        """,
        {"calendar": calendar, "days": json.dumps([dict(day) for day in days]), "source": source},
    )


def drop_day(calendar: str, day: str) -> Call:
    """Takes the mark off a day; a row where there was one."""
    return Call(
        """
        delete from jittask.calendar_day d
        where d.calendar = cast(%(calendar)s as text) and d.day = cast(cast(%(day)s as text) as date)
        returning d.day
        """,
        {"calendar": calendar, "day": day},
    )


def drop_synced_days(calendar: str, first_on: str, last_on: str, kept: Sequence[str]) -> Call:
    """Deletes synced days of a stretch that are not among `kept` (ISO days); a row each."""
    return Call(
        """
        delete from jittask.calendar_day d
        where d.calendar = cast(%(calendar)s as text)
          and d.source = 'sync'
          and d.day >= cast(cast(%(first_on)s as text) as date)
          and d.day <= cast(cast(%(last_on)s as text) as date)
          and d.day not in (
            select cast(k.day as date)
            from json_array_elements_text(cast(cast(%(kept)s as text) as json)) k (day)
          )
        returning d.day
        """,
        {"calendar": calendar, "first_on": first_on, "last_on": last_on, "kept": json.dumps(list(kept))},
    )
