"""Instants as wall-clock times, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .call import Call


def task_start(name: str, timezone: str | None, start_at: str | None, local_start_at: str | None) -> Call:
    """What decides where a task's first occurrence lies, by the clock and the zones of the server.

    Args:
        name: the task.
        timezone: its zone; None = the installation's.
        start_at: its start as an instant; None, with `local_start_at` None too = now.
        local_start_at: its start as wall-clock time in its zone.

    Returns:
        One row: the start as an instant (text), as local time (text); whether it was given; then what the
        task has now, nulls where there is none: start_at (text), local time of that (text), repeat, every,
        period in seconds (text), cron, month_overflow.
    """
    return Call(
        """
        with zone (name) as (
          select jittask.clock_of(case
            when cast(%(timezone)s as text) is null then jittask.installation_timezone()
            else jittask.canonical_timezone(cast(%(timezone)s as text))
          end)
        ),
        start (at, given) as (
          select
            coalesce(
              cast(cast(%(start_at)s as text) as timestamptz),
              jittask.to_instant(cast(cast(%(local_start_at)s as text) as timestamp), z.name),
              jittask.now()
            ),
            coalesce(cast(%(start_at)s as text), cast(%(local_start_at)s as text)) is not null
          from zone z
        )
        select
          to_char(s.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'),
          to_char(s.at at time zone z.name, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
          s.given,
          to_char(t.start_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'),
          to_char(t.start_at at time zone z.name, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
          t.repeat,
          t.every,
          cast(extract(epoch from t.period) as text),
          t.cron,
          t.month_overflow
        from zone z
        cross join start s
        left join jittask.task t on t.name = cast(%(name)s as text)
        """,
        {"name": name, "timezone": timezone, "start_at": start_at, "local_start_at": local_start_at},
    )


def instants(local_times: Sequence[str], timezone: str | None) -> Call:
    """Wall-clock times as instants.

    Args:
        local_times: ISO text without offset.
        timezone: the zone they are in; None = the installation's.

    Returns:
        A row each, in their order: the instant (text), and whether that is the local time in that zone; it
        is not where clocks go forward over it.
    """
    return Call(
        """
        with zone (name) as (
          select jittask.clock_of(case
            when cast(%(timezone)s as text) is null then jittask.installation_timezone()
            else jittask.canonical_timezone(cast(%(timezone)s as text))
          end)
        )
        select
          to_char(i.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'),
          (i.at at time zone z.name) = l.local
        from zone z
        cross join lateral (
          select cast(e.value as timestamp), e.position
          from json_array_elements_text(cast(cast(%(local_times)s as text) as json))
            with ordinality e (value, position)
        ) l (local, position)
        cross join lateral (select jittask.to_instant(l.local, z.name)) i (at)
        order by l.position
        """,
        {"local_times": json.dumps(list(local_times)), "timezone": timezone},
    )


def local_times(instants: Sequence[tuple[str, str | None]]) -> Call:
    """How instants read on the wall: the server's zone data decide, as they decide about due times.

    Args:
        instants: pairs of an instant (ISO text) and the task in whose zone it is to be read; None, or a task
            that is gone = the installation's zone.

    Returns:
        A row each, in their order: local time (ISO text), distance from UTC in seconds, name of the zone.
    """
    return Call(
        """
        select
          to_char(z.local, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
          cast(extract(epoch from z.local - (i.at at time zone 'UTC')) as int),
          z.name
        from json_array_elements(cast(cast(%(instants)s as text) as json)) with ordinality e (pair, position)
        cross join lateral (select cast(e.pair ->> 0 as timestamptz), e.pair ->> 1) i (at, task_name)
        cross join lateral (
          select coalesce(
            (select t.timezone from jittask.task t where t.name = i.task_name),
            jittask.installation_timezone()
          )
        ) n (name)
        cross join lateral (select n.name, i.at at time zone jittask.clock_of(n.name)) z (name, local)
        order by e.position
        """,
        {"instants": json.dumps([list(pair) for pair in instants])},
    )


def local_now() -> Call:
    """The clock in the installation's zone, as ISO text without offset."""
    return Call(
        """
        select to_char(
          jittask.now() at time zone jittask.clock_of(jittask.installation_timezone()),
          'YYYY-MM-DD"T"HH24:MI:SS.US'
        )
        """
    )


def instant_after(start: str | None, length: str) -> Call:
    """The instant that lies a length of time after another; one row: text, ``infinity`` where it cannot be.

    Args:
        start: an instant (text); None = now.
        length: an interval (text); its months and days are counted in the installation's zone.
    """
    return Call(
        """
        select coalesce(
          to_char(
            jittask.field_nominal(
              coalesce(cast(cast(%(start)s as text) as timestamptz), jittask.now()),
              cast(cast(%(length)s as text) as interval),
              null,
              jittask.clock_of(jittask.installation_timezone())
            ) at time zone 'UTC',
            'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'
          ),
          'infinity'
        )
        """,
        {"start": start, "length": length},
    )
