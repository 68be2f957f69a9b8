"""Every statement that the package sends: the one module that knows the names of ``jittask.*``.

A statement is text with named parameters in psycopg's spelling, ``%(name)s``. What callers inside somebody
else's transaction need is built as a `Call`, which any connection can execute (see `connections`); parameters
are numbers, booleans and text only, cast in the statement, so that they mean the same to every driver.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import LiteralString, NamedTuple

__all__ = ["Call"]


class Call(NamedTuple):
    """A statement with its parameters.

    Attributes:
        sql: the text; every ``%`` that is no parameter is doubled.
        parameters: values by name.
    """

    sql: LiteralString
    parameters: Mapping[str, object] = {}


# One-offs and single occurrences


def enqueue(one_off: Mapping[str, object]) -> Call:
    """Puts a one-off into the due queue; one row: its occurrence id.

    Args:
        one_off: handler, args (JSON text), due_at (instant as text), local_due_at (wall-clock time in the
            installation's zone, as text), delay (interval as text), queue, priority, dedupe_key, timeout,
            max_attempts, retry_delay, title.
    """
    return Call(
        """
        select jittask.enqueue(
          handler => cast(%(handler)s as text),
          args => cast(cast(%(args)s as text) as jsonb),
          due_at => coalesce(
            cast(cast(%(due_at)s as text) as timestamptz),
            jittask.to_instant(
              cast(cast(%(local_due_at)s as text) as timestamp), jittask.installation_timezone()
            ),
            jittask.now() + cast(cast(%(delay)s as text) as interval)
          ),
          queue => cast(%(queue)s as text),
          priority => cast(%(priority)s as int),
          dedupe_key => cast(%(dedupe_key)s as text),
          timeout => cast(cast(%(timeout)s as text) as interval),
          max_attempts => cast(%(max_attempts)s as int),
          retry_delay => cast(cast(%(retry_delay)s as text) as interval),
          title => cast(%(title)s as text)
        )
        """,
        one_off,
    )


def enqueue_many(one_offs: Sequence[Mapping[str, object]]) -> Call:
    """Puts one-offs into the due queue; one row each, in their order: its occurrence id."""
    return Call(
        """
        select jittask.enqueue(
          handler => o.one_off ->> 'handler',
          args => cast(o.one_off ->> 'args' as jsonb),
          due_at => coalesce(
            cast(o.one_off ->> 'due_at' as timestamptz),
            jittask.to_instant(
              cast(o.one_off ->> 'local_due_at' as timestamp), jittask.installation_timezone()
            ),
            jittask.now() + cast(o.one_off ->> 'delay' as interval)
          ),
          queue => o.one_off ->> 'queue',
          priority => cast(o.one_off ->> 'priority' as int),
          dedupe_key => o.one_off ->> 'dedupe_key',
          timeout => cast(o.one_off ->> 'timeout' as interval),
          max_attempts => cast(o.one_off ->> 'max_attempts' as int),
          retry_delay => cast(o.one_off ->> 'retry_delay' as interval),
          title => o.one_off ->> 'title'
        )
        from json_array_elements(cast(cast(%(one_offs)s as text) as json))
          with ordinality o (one_off, position)
        order by o.position
        """,
        {"one_offs": json.dumps([dict(one) for one in one_offs])},
    )


def cancel(occurrence_id: int) -> Call:
    """Calls off an occurrence; one row: cancelled, stopping, ended or unknown."""
    return Call("select jittask.cancel(cast(%(occurrence_id)s as bigint))", {"occurrence_id": occurrence_id})


def retry(occurrence_id: int) -> Call:
    """Runs an ended occurrence again; one row: the id of the new occurrence."""
    return Call("select jittask.retry(cast(%(occurrence_id)s as bigint))", {"occurrence_id": occurrence_id})


def run_now(task_name: str, source_key: str | None) -> Call:
    """Runs a task once, outside its plan; one row: the occurrence id. `source_key`: JSON text."""
    return Call(
        "select jittask.run_now(cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb))",
        {"task_name": task_name, "source_key": source_key},
    )


# Tasks

_TEXT: LiteralString = "cast(%({})s as text)"
_INT: LiteralString = "cast(%({})s as int)"
_BOOL: LiteralString = "cast(%({})s as bool)"
_JSON: LiteralString = "cast(cast(%({})s as text) as jsonb)"
_INTERVAL: LiteralString = "cast(cast(%({})s as text) as interval)"
_INSTANT: LiteralString = "cast(cast(%({})s as text) as timestamptz)"
_TIME: LiteralString = "cast(cast(%({})s as text) as time)"

TASK_COLUMNS: dict[LiteralString, LiteralString] = {
    "name": _TEXT,
    "title": _TEXT,
    "kind": _TEXT,
    "handler": _TEXT,
    "source": _TEXT,
    "args": _JSON,
    "start_at": _INSTANT,
    "repeat": _TEXT,
    "every": _INT,
    "period": _INTERVAL,
    "cron": _TEXT,
    "month_overflow": _TEXT,
    "timezone": _TEXT,
    "end_at": _INSTANT,
    "max_runs": _INT,
    "calendar": _TEXT,
    "skip_holidays": _TEXT,
    "holiday_policy": _TEXT,
    "source_table": _TEXT,
    "date_field": _TEXT,
    "start_offset": _INTERVAL,
    "at_time": _TIME,
    "filter": _JSON,
    "end_field": _TEXT,
    "end_offset": _INTERVAL,
    "end_at_time": _TIME,
    "past_due": _TEXT,
    "queue": _TEXT,
    "priority": _INT,
    "timeout": _INTERVAL,
    "max_attempts": _INT,
    "retry_delay": _INTERVAL,
    "isolation": _TEXT,
    "transactional": _BOOL,
    "max_running": _INT,
    "overlap": _TEXT,
    "misfire": _TEXT,
    "misfire_grace": _INTERVAL,
    "misfire_cap": _INT,
    "catchup_window": _INTERVAL,
    "capture_log": _BOOL,
}
"""Columns of ``jittask.task`` that a definition sets, each with the spelling of its parameter."""


def define_task(task: Mapping[str, object]) -> Call:
    """Adds the task of that name, or brings it to this definition; a row (its id) where that changes it.

    A definition is whole: columns that `task` leaves out, or gives as None, get their defaults, in a task
    that exists already too. Offsets are compared as text as well: Postgres takes 1 day and 24 hours for
    equal, the rules of time do not.

    Args:
        task: values by column, of those in `TASK_COLUMNS`; "name" among them.
    """
    given: list[LiteralString] = []
    values: list[LiteralString] = []
    settings: list[LiteralString] = []
    compared: list[LiteralString] = ["cast({0}.start_offset as text)", "cast({0}.end_offset as text)"]
    for column, parameter in TASK_COLUMNS.items():
        if task.get(column) is not None:
            given.append(column)
            values.append(parameter.format(column))
        if column != "name":
            settings.append(column + " = excluded." + column)
            compared.append("{0}." + column)
    rows: LiteralString = ", ".join(compared)
    template: LiteralString = """
        insert into jittask.task as t ({columns})
        values ({values})
        on conflict (name) do update set {settings}
        where ({stored}) is distinct from ({defined})
        returning t.task_id
    """
    return Call(
        template.format(
            columns=", ".join(given),
            values=", ".join(values),
            settings=", ".join(settings),
            stored=rows.format("t"),
            defined=rows.format("excluded"),
        ),
        {column: task[column] for column in given},
    )


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
          select case
            when cast(%(timezone)s as text) is null then jittask.installation_timezone()
            else jittask.canonical_timezone(cast(%(timezone)s as text))
          end
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
          select case
            when cast(%(timezone)s as text) is null then jittask.installation_timezone()
            else jittask.canonical_timezone(cast(%(timezone)s as text))
          end
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


def remove_task(task_name: str) -> Call:
    """Deletes a task; a row where there was one."""
    return Call(
        "delete from jittask.task t where t.name = cast(%(task_name)s as text) returning t.task_id",
        {"task_name": task_name},
    )


def pause(task_name: str) -> Call:
    """Switches a task off."""
    return Call("select jittask.pause(cast(%(task_name)s as text))", {"task_name": task_name})


def resume(task_name: str) -> Call:
    """Switches a task on; it plans from now."""
    return Call("select jittask.resume(cast(%(task_name)s as text))", {"task_name": task_name})


def preview(task_name: str, count: int, source_key: str | None) -> Call:
    """Coming occurrences of a task: source_key (JSON text), occurrence_no, nominal_at, due_at."""
    return Call(
        """
        select cast(p.source_key as text), p.occurrence_no, p.nominal_at, p.due_at
        from jittask.preview(
          cast(%(task_name)s as text), cast(%(count)s as int), cast(cast(%(source_key)s as text) as jsonb)
        ) p
        """,
        {"task_name": task_name, "count": count, "source_key": source_key},
    )


def explain(task_name: str, source_key: str | None) -> Call:
    """When a task fires next and why; one row: text."""
    return Call(
        "select jittask.explain(cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb))",
        {"task_name": task_name, "source_key": source_key},
    )


def tasks() -> Call:
    """Every task by name: name, title, kind, repeat."""
    return Call("select t.name, t.title, t.kind, t.repeat from jittask.task t order by t.name")


# Records

_RECORD_CONDITIONS: dict[LiteralString, LiteralString] = {
    "occurrence_id": "r.occurrence_id = cast(%(occurrence_id)s as bigint)",
    "task_name": "r.task_name = cast(%(task_name)s as text)",
    "kind": "r.kind = cast(%(kind)s as text)",
    "status": "r.status = any (string_to_array(cast(%(status)s as text), ','))",
    "source_key": "r.source_key = cast(cast(%(source_key)s as text) as jsonb)",
    "since": "r.due_at >= cast(cast(%(since)s as text) as timestamptz)",
    "until": "r.due_at < cast(cast(%(until)s as text) as timestamptz)",
    "before": "(r.due_at, r.occurrence_id) < "
    "(cast(cast(%(before)s as text) as timestamptz), cast(%(before_id)s as bigint))",
    "after": "(r.due_at, r.occurrence_id) > "
    "(cast(cast(%(after)s as text) as timestamptz), cast(%(after_id)s as bigint))",
}


def records(filters: Mapping[str, object], limit: int, *, newest_first: bool) -> Call:
    """Execution records by due time.

    Args:
        filters: values for occurrence_id, task_name, kind, status (comma-separated), source_key (JSON text),
            since (inclusive) and until (exclusive) as instants in text, and the place to go on from: before
            and before_id, or after and after_id. Each that is given, and not None, narrows the answer.
        limit: rows at most.
        newest_first: the latest due first, else the earliest.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    # Only the conditions in force are sent: a plan for all of them could use no index.
    conditions: list[LiteralString] = [text for name, text in _RECORD_CONDITIONS.items() if name in given]
    template: LiteralString = """
        select
          r.occurrence_id, r.task_id, r.task_name, r.kind, cast(r.source_key as text), r.nominal_at, r.due_at,
          r.status, r.attempt, r.worker, r.started_at, r.finished_at, r.duration, r.missed,
          cast(r.result as text), r.error
        from jittask.execution_record r
        where {conditions}
        order by r.due_at {order}, r.occurrence_id {order}
        limit cast(%(limit)s as int)
    """
    return Call(
        template.format(
            conditions=" and ".join(conditions) if conditions else "true",
            order="desc" if newest_first else "asc",
        ),
        {**given, "limit": limit},
    )


# Watched tables and their rows


def watched_tables() -> Call:
    """Tables that date-field tasks watch: name, key columns, date fields, both as JSON text."""
    return Call(
        """
        select
          w.source_table,
          cast(to_json(w.key_columns) as text),
          cast(json_agg(distinct t.date_field) as text)
        from jittask.watch w
        join jittask.task t on t.source_table = w.source_table
        group by w.source_table, w.key_columns
        order by w.source_table
        """
    )


def planned_for_row(source_table: str, source_key: str) -> Call:
    """What waits in the due queue for one row: occurrence_id, task name, due time (local text).

    Args:
        source_table: the table, as ``jittask.watch`` names it.
        source_key: its key, JSON text.
    """
    return Call(
        """
        select
          w.occurrence_id,
          t.name,
          to_char(w.due_at at time zone jittask.installation_timezone(), 'YYYY-MM-DD HH24:MI:SS')
        from jittask.waiting w
        join jittask.task t on t.task_id = w.task_id
        where t.source_table = cast(%(source_table)s as text)
          and w.source_key = cast(cast(%(source_key)s as text) as jsonb)
        order by w.due_at, w.occurrence_id
        """,
        {"source_table": source_table, "source_key": source_key},
    )


def local_now() -> Call:
    """The clock in the installation's zone, as ISO text without offset."""
    return Call(
        """
        select to_char(
          jittask.now() at time zone jittask.installation_timezone(), 'YYYY-MM-DD"T"HH24:MI:SS.US'
        )
        """
    )
