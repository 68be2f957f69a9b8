"""Every statement that the package sends: the one module that knows the names of ``jittask.*``.

A statement is text with named parameters in psycopg's spelling, ``%(name)s``. What callers inside somebody
else's transaction need is built as a `Call`, which any connection can execute (see `connections`); parameters
are numbers, booleans and text only, cast in the statement, so that they mean the same to every driver.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from .database import Connection

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


def _due_at(one_off: Mapping[str, object]) -> LiteralString:
    # Only the spelling in force is sent: clients may enqueue without the right to everything that a
    # wall-clock time needs.
    if one_off.get("local_due_at") is not None:
        return (
            "jittask.to_instant("
            "cast(cast(%(local_due_at)s as text) as timestamp), "
            "jittask.clock_of(jittask.installation_timezone()))"
        )
    if one_off.get("delay") is not None:
        return "jittask.now() + cast(cast(%(delay)s as text) as interval)"
    return "cast(cast(%(due_at)s as text) as timestamptz)"


def enqueue(one_off: Mapping[str, object]) -> Call:
    """Puts a one-off into the due queue; one row: its occurrence id.

    Args:
        one_off: handler, args (JSON text), due_at (instant as text), local_due_at (wall-clock time in the
            installation's zone, as text), delay (interval as text), queue, priority, dedupe_key, timeout,
            max_attempts, retry_delay, title.
    """
    template: LiteralString = """
        select jittask.enqueue(
          handler => cast(%(handler)s as text),
          args => cast(cast(%(args)s as text) as jsonb),
          due_at => {due_at},
          queue => cast(%(queue)s as text),
          priority => cast(%(priority)s as int),
          dedupe_key => cast(%(dedupe_key)s as text),
          timeout => cast(cast(%(timeout)s as text) as interval),
          max_attempts => cast(%(max_attempts)s as int),
          retry_delay => cast(cast(%(retry_delay)s as text) as interval),
          title => cast(%(title)s as text)
        )
    """
    return Call(template.format(due_at=_due_at(one_off)), one_off)


def enqueue_many(one_off: Mapping[str, object], args: Sequence[str], due: Sequence[str] | None) -> Call:
    """Puts many one-offs of one function into the due queue; one row each, in their order: its occurrence id.

    Args:
        one_off: as for `enqueue`, without args and dedupe_key; the due time is for all of them.
        args: the arguments of each, JSON text.
        due: the due time of each, as instants in text; None = the one of `one_off`.
    """
    template: LiteralString = """
        select i.occurrence_id
        from unnest(
          jittask.enqueue_many(
            handler => cast(%(handler)s as text),
            args => array(
              select cast(a.value as jsonb)
              from json_array_elements_text(cast(cast(%(each_args)s as text) as json))
                with ordinality a (value, position)
              order by a.position
            ),
            due_at => {due_at},
            queue => cast(%(queue)s as text),
            priority => cast(%(priority)s as int),
            timeout => cast(cast(%(timeout)s as text) as interval),
            max_attempts => cast(%(max_attempts)s as int),
            retry_delay => cast(cast(%(retry_delay)s as text) as interval),
            title => cast(%(title)s as text)
          )
        ) with ordinality i (occurrence_id, position)
        order by i.position
    """
    each: LiteralString = """array(
              select cast(d.value as timestamptz)
              from json_array_elements_text(cast(cast(%(each_due_at)s as text) as json))
                with ordinality d (value, position)
              order by d.position
            )"""
    return Call(
        template.format(due_at="array[" + _due_at(one_off) + "]" if due is None else each),
        {
            **one_off,
            "each_args": json.dumps(list(args)),
            "each_due_at": None if due is None else json.dumps(list(due)),
        },
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


def explained_preview(task_name: str, count: int, source_key: str | None) -> Call:
    """As `preview`, with a fifth column: why the occurrence is due when it is; null = the rule says all."""
    return Call(
        """
        select cast(p.source_key as text), p.occurrence_no, p.nominal_at, p.due_at,
          jittask.why_due(cast(%(task_name)s as text), p.nominal_at, p.due_at)
        from jittask.preview(
          cast(%(task_name)s as text), cast(%(count)s as int), cast(cast(%(source_key)s as text) as jsonb)
        ) p
        """,
        {"task_name": task_name, "count": count, "source_key": source_key},
    )


def why_last(task_name: str, source_key: str | None, count: int, due_at: datetime | None) -> Call:
    """Why nothing follows the last of `count` occurrences, due at `due_at`; one row: text."""
    return Call(
        """
        select jittask.why_last(
          cast(%(task_name)s as text), cast(cast(%(source_key)s as text) as jsonb), cast(%(count)s as int),
          cast(%(due_at)s as timestamptz)
        )
        """,
        {"task_name": task_name, "count": count, "source_key": source_key, "due_at": due_at},
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
          cast(r.result as text), r.error, cast(r.progress as text)
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


def log_of(occurrence_id: int) -> Call:
    """The captured log of an occurrence that ended; one row, where there is a record: text or null."""
    return Call(
        """
        select r.log
        from jittask.execution_record r
        where r.occurrence_id = cast(%(occurrence_id)s as bigint)
        """,
        {"occurrence_id": occurrence_id},
    )


def tries(occurrence_id: int) -> Call:
    """Tries that did not end an occurrence: attempt, outcome, worker, started_at, finished_at, error."""
    return Call(
        """
        select a.attempt, a.outcome, a.worker, a.started_at, a.finished_at, a.error
        from jittask.run_attempt a
        where a.occurrence_id = cast(%(occurrence_id)s as bigint)
        order by a.finished_at, a.attempt
        """,
        {"occurrence_id": occurrence_id},
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
          to_char(
            w.due_at at time zone jittask.clock_of(jittask.installation_timezone()), 'YYYY-MM-DD HH24:MI:SS'
          )
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
          jittask.now() at time zone jittask.clock_of(jittask.installation_timezone()),
          'YYYY-MM-DD"T"HH24:MI:SS.US'
        )
        """
    )


# Administration: what the command line asks and changes


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


def insert_task(task: Mapping[str, object]) -> Call:
    """Adds a task; one row: its name, which is made from the title where none is given.

    Args:
        task: values by column, of those in `TASK_COLUMNS`; columns left out get their defaults.
    """
    given: list[LiteralString] = [column for column in TASK_COLUMNS if task.get(column) is not None]
    values: list[LiteralString] = [TASK_COLUMNS[column].format(column) for column in given]
    template: LiteralString = "insert into jittask.task as t ({}) values ({}) returning t.name"
    return Call(
        template.format(", ".join(given), ", ".join(values)), {column: task[column] for column in given}
    )


def update_task(task_name: str, changes: Mapping[str, object], cleared: Sequence[str]) -> Call:
    """Changes columns of a task; a row (its name afterwards) where there is one of that name.

    Args:
        task_name: its name before.
        changes: new values by column, of those in `TASK_COLUMNS`.
        cleared: columns that get their defaults back.
    """
    settings: list[LiteralString] = []
    for column, parameter in TASK_COLUMNS.items():
        if column in cleared:
            settings.append(column + " = default")
        elif column in changes:
            settings.append(column + " = " + parameter.format(column))
    template: LiteralString = (
        "update jittask.task t set {} where t.name = cast(%(task_name)s as text) returning t.name"
    )
    return Call(template.format(", ".join(settings)), {**changes, "task_name": task_name})


def plan_note() -> Call:
    """Makes the table of this transaction in which `note_plan` keeps what is planned."""
    return Call(
        """
        create temporary table jittask_before (task_id bigint, source_key text, due_at timestamptz)
        on commit drop
        """
    )


def note_plan(task_name: str | None, calendar: str | None) -> Call:
    """Notes what is planned for a task, or for the tasks of a calendar, before a change."""
    return Call(
        """
        insert into pg_temp.jittask_before (task_id, source_key, due_at)
        select w.task_id, coalesce(w.source_key::text, ''), w.due_at
        from jittask.waiting w
        join jittask.task t on t.task_id = w.task_id
        where t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text)
        """,
        {"task_name": task_name, "calendar": calendar},
    )


def plan_difference(task_name: str | None, calendar: str | None) -> Call:
    """What has changed since `note_plan`; one row: added, moved, cancelled, whether more is still planned."""
    return Call(
        """
        with after as (
          select w.task_id, coalesce(w.source_key::text, '') as source_key, w.due_at
          from jittask.waiting w
          join jittask.task t on t.task_id = w.task_id
          where t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text)
        )
        select count(*) filter (where b.due_at is null),
          count(*) filter (where b.due_at <> a.due_at),
          count(*) filter (where a.due_at is null),
          exists (
            select from jittask.replan r
            join jittask.task t on t.task_id = r.task_id
            where (t.name = cast(%(task_name)s as text) or t.calendar = cast(%(calendar)s as text))
              and r.writers is distinct from '{}'
          )
        from pg_temp.jittask_before b
        full join after a on a.task_id = b.task_id and a.source_key = b.source_key
        """,
        {"task_name": task_name, "calendar": calendar},
    )


def task_row(task_name: str) -> Call:
    """The whole row of a task as JSON text, with its zone spelled out as "zone"; no row without one."""
    return Call(
        """
        select cast(
          to_jsonb(t) || jsonb_build_object('zone', coalesce(t.timezone, jittask.installation_timezone()))
          as text
        )
        from jittask.task t
        where t.name = cast(%(task_name)s as text)
        """,
        {"task_name": task_name},
    )


def task_list(kind: str | None, queue: str | None) -> Call:
    """Tasks by name.

    Returns:
        name, kind, repeat, every, period, cron, source_table, date_field, start_offset, at_time, handler,
        queue, paused_at, next due_at, zone.
    """
    return Call(
        """
        select
          t.name, t.kind, t.repeat, t.every, cast(t.period as text), t.cron, t.source_table, t.date_field,
          cast(t.start_offset as text), cast(t.at_time as text), t.handler, t.queue, t.paused_at,
          (select min(w.due_at) from jittask.waiting w where w.task_id = t.task_id),
          coalesce(t.timezone, jittask.installation_timezone())
        from jittask.task t
        where (cast(%(kind)s as text) is null or t.kind = cast(%(kind)s as text))
          and (cast(%(queue)s as text) is null or t.queue = cast(%(queue)s as text))
        order by t.name
        """,
        {"kind": kind, "queue": queue},
    )


def task_names() -> Call:
    """Names of all tasks, a row each."""
    return Call("select t.name from jittask.task t order by t.name")


def reconcile_next(source_table: str, place: str | None) -> Call:
    """Compares a chunk of a table with what is planned for it, and repairs.

    Args:
        source_table: as `stored_table_name` spells it.
        place: the last answer's; None = the beginning.

    Returns:
        task_name, rows compared, missing, extra, wrong, the place of the next chunk or None; no row where no
        task watches the table.
    """
    return Call(
        """
        select r.task_name, r.compared, r.missing, r.extra, r.wrong, cast(r.next_place as text)
        from jittask.reconcile_next(
          cast(cast(%(source_table)s as text) as regclass), cast(cast(%(place)s as text) as jsonb)
        ) r
        """,
        {"source_table": source_table, "place": place},
    )


def estimated_rows(source_table: str) -> Call:
    """How many rows a table has, as the planner estimates; one row, -1 = unknown."""
    return Call(
        """
        select cast(coalesce(sum(c.reltuples) filter (where c.reltuples >= 0), -1) as bigint)
        from pg_catalog.pg_class c
        where c.relkind = 'r' and (
          c.oid = cast(cast(%(source_table)s as text) as regclass)
          or c.oid in (select t.relid from pg_catalog.pg_partition_tree(cast(%(source_table)s as regclass)) t)
        )
        """,
        {"source_table": source_table},
    )


def set_on_error(source_table: str, on_error: str) -> Call:
    """Says what an error of ours in the triggers of a table does to the statement that fired them."""
    return Call(
        """
        select jittask.set_on_error(
          cast(cast(%(source_table)s as text) as regclass), cast(%(on_error)s as text)
        )
        """,
        {"source_table": source_table, "on_error": on_error},
    )


def stored_table_name(source_table: str) -> Call:
    """A table's name as tasks store it, schema.table; one row."""
    return Call(
        """
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = cast(cast(%(source_table)s as text) as regclass)
        """,
        {"source_table": source_table},
    )


def attach(source_table: str, replicated: bool | None = None) -> Call:
    """Makes the triggers on a table, as defining the first task on it would.

    Args:
        source_table: as `stored_table_name` spells it.
        replicated: True makes row triggers that fire for logical replication too; None = as it is.
    """
    return Call(
        "select jittask.attach_table(cast(%(source_table)s as text), cast(%(replicated)s as bool))",
        {"source_table": source_table, "replicated": replicated},
    )


def detach(source_table: str, keep: bool = False) -> Call:
    """Takes our triggers off a table.

    Args:
        source_table: as `stored_table_name` spells it.
        keep: leave its tasks and what they have planned as they are, until it is attached again.
    """
    return Call(
        "select jittask.detach_table(cast(%(source_table)s as text), cast(%(keep)s as bool))",
        {"source_table": source_table, "keep": keep},
    )


def pause_queue(queue: str) -> Call:
    """Lets nothing of a queue be claimed."""
    return Call("select jittask.pause_queue(cast(%(queue)s as text))", {"queue": queue})


def resume_queue(queue: str) -> Call:
    """Lets a queue be claimed again."""
    return Call("select jittask.resume_queue(cast(%(queue)s as text))", {"queue": queue})


def queue_list() -> Call:
    """Queues: name, paused_at, waiting, due."""
    return Call(
        """
        select
          coalesce(w.queue, p.queue), p.paused_at, coalesce(w.waiting, 0), coalesce(w.due, 0)
        from (
          select q.queue, count(*), count(*) filter (where q.run_at <= jittask.now())
          from jittask.waiting q
          group by q.queue
        ) w (queue, waiting, due)
        full join jittask.paused_queue p on p.queue = w.queue
        order by 1
        """
    )


def settings() -> Call:
    """Settings of the installation: name, value, what it is for."""
    return Call("select s.name, s.value from jittask.setting s order by s.name")


def set_setting(name: str, value: str) -> Call:
    """Changes a setting; one row: the value as stored. Names of zones are checked."""
    return Call(
        """
        update jittask.setting s
        set value = case s.name
          when 'timezone' then jittask.canonical_timezone(cast(%(value)s as text))
          else cast(%(value)s as text)
        end
        where s.name = cast(%(name)s as text)
        returning s.value
        """,
        {"name": name, "value": value},
    )


def calendar_list() -> Call:
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


def calendar_days(calendar: str, first_on: str, last_on: str) -> Call:
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


def put_calendar(name: str, country: str | None, subdivision: str | None, weekend: Sequence[int]) -> Call:
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


def insert_calendar(name: str, weekend: Sequence[int]) -> Call:
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


def remove_calendar(name: str) -> Call:
    """Deletes a calendar; a row where there was one."""
    return Call(
        "delete from jittask.calendar c where c.name = cast(%(name)s as text) returning c.name",
        {"name": name},
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


def status() -> Call:
    """How the installation stands.

    Returns:
        One row: tasks, paused tasks, waiting, overdue, executing, seconds the longest overdue has waited,
        entries of replan, broken watches, broken tasks, paused queues, workers heard of within a minute.
    """
    return Call(
        """
        select
          (select count(*) from jittask.task),
          (select count(*) from jittask.task t where t.paused_at is not null),
          w.waiting,
          w.overdue,
          (select count(*) from jittask.execution_record r where r.status = 'executing'),
          w.longest,
          (select count(*) from jittask.replan),
          (select count(*) from jittask.watch b where b.broken is not null),
          (select count(*) from jittask.plan b where b.broken is not null),
          (select count(*) from jittask.paused_queue),
          (select count(*) from jittask.worker k where k.seen_at > clock_timestamp() - interval '1 minute')
        from (
          select
            count(*),
            count(*) filter (where q.run_at < jittask.now() - g.grace),
            cast(extract(epoch from max(jittask.now() - q.run_at) filter (
              where q.run_at < jittask.now() - g.grace
            )) as int)
          from jittask.waiting q
          left join jittask.task t on t.task_id = q.task_id
          cross join lateral (select coalesce(t.misfire_grace, interval '60 seconds')) g (grace)
          where q.queue not in (select p.queue from jittask.paused_queue p)
        ) w (waiting, overdue, longest)
        """
    )


def outcomes(since_hours: int) -> Call:
    """How runs of the last hours ended: outcome, count."""
    return Call(
        """
        select r.status, count(*)
        from jittask.execution_record r
        where r.due_at > jittask.now() - make_interval(hours => cast(%(hours)s as int))
          and r.finished_at is not null
        group by r.status
        order by r.status
        """,
        {"hours": since_hours},
    )


def workers() -> Call:
    """Workers: name, host, pid, version, queues (JSON text), started_at, seconds since heard of."""
    return Call(
        """
        select
          w.name, w.host, w.pid, w.version, cast(to_json(w.queues) as text), w.started_at,
          cast(extract(epoch from clock_timestamp() - w.seen_at) as int)
        from jittask.worker w
        order by w.started_at
        """
    )


def broken_watches() -> Call:
    """Tables whose watch is broken: table, reason, since when."""
    return Call(
        """
        select w.source_table, w.broken, w.broken_at
        from jittask.watch w
        where w.broken is not null
        order by w.source_table
        """
    )


def detached_tables() -> Call:
    """Tables whose triggers are off on purpose, with the number of active tasks that watch them."""
    return Call(
        """
        select w.source_table, count(*)
        from jittask.watch w
        join jittask.task t on t.source_table = w.source_table and t.paused_at is null
        where w.detached_at is not null
        group by w.source_table
        order by w.source_table
        """,
        {},
    )


def broken_tasks() -> Call:
    """Tasks that cannot be planned although their table is watched: task, reason, since when."""
    return Call(
        """
        select t.name, p.broken, p.broken_at
        from jittask.plan p
        join jittask.task t on t.task_id = p.task_id
        left join jittask.watch w on w.source_table = t.source_table
        where p.broken is not null and w.broken is null
        order by t.name
        """
    )


def backlog() -> Call:
    """What waits to be planned anew: number of entries, seconds the oldest waits, number of backfills.

    Without those that wait for writers of yours to end: no sweep could do anything about them yet.
    """
    return Call(
        """
        select
          count(*),
          cast(extract(epoch from clock_timestamp() - min(r.noted_at)) as int),
          (select count(*) from jittask.backfill)
        from jittask.replan r
        where coalesce(r.writers, '{}') = '{}'
        """
    )


def given_back() -> Call:
    """Why occurrences were given back in the last hour: reason, count, of which tasks."""
    return Call(
        """
        select
          a.error, count(*), string_agg(distinct coalesce(r.task_name, 'one-off'), ', ')
        from jittask.run_attempt a
        left join jittask.execution_record r on r.occurrence_id = a.occurrence_id
        where a.outcome = 'released'
          and a.error is not null
          and a.finished_at > clock_timestamp() - interval '1 hour'
        group by a.error
        order by count(*) desc
        limit 10
        """
    )


def unserved_queues() -> Call:
    """Queues with due occurrences that no live worker serves: queue, count."""
    return Call(
        """
        select q.queue, count(*)
        from jittask.waiting q
        where q.run_at <= jittask.now()
          and not exists (
            select from jittask.worker w
            where w.seen_at > clock_timestamp() - interval '1 minute'
              and (w.queues is null or q.queue = any (w.queues))
          )
          and q.queue not in (select p.queue from jittask.paused_queue p)
        group by q.queue
        order by q.queue
        """
    )


def stale_calendars() -> Call:
    """Calendars in use whose marked days run out: calendar, last marked day (null = none), whether synced.

    Synced ones end within the next 60 days, others had marked days and have none ahead.
    """
    return Call(
        """
        select c.name, max(d.day), c.country is not null
        from jittask.calendar c
        left join jittask.calendar_day d on d.calendar = c.name
        where exists (
          select from jittask.task t
          where t.calendar = c.name and t.skip_holidays <> 'none' and t.paused_at is null
        )
        group by c.name, c.country
        having case
          when c.country is null then max(d.day) < cast(jittask.now() as date)
          else coalesce(extract(year from max(d.day)), 0)
            < extract(year from jittask.now() + interval '60 days')
        end
        order by c.name
        """
    )


def server_facts() -> Call:
    """One row: server_version_num, max_prepared_transactions, setting notify, group roles that are
    missing or have no rights here (text or null), seconds the oldest transaction of this database has been
    open, its application."""
    return Call(
        """
        select
          cast(current_setting('server_version_num') as int),
          cast(current_setting('max_prepared_transactions') as int),
          (select s.value from jittask.setting s where s.name = 'notify'),
          (
            select string_agg(r.name, ', ')
            from unnest(array['jittask_admin', 'jittask_worker', 'jittask_client', 'jittask_viewer']) r (name)
            where not exists (
              select from pg_catalog.pg_roles p
              where p.rolname = r.name and has_schema_privilege(p.oid, 'jittask', 'usage')
            )
          ),
          o.age,
          o.application_name
        from (select) one
        left join lateral (
          select cast(extract(epoch from clock_timestamp() - a.xact_start) as int), a.application_name
          from pg_catalog.pg_stat_activity a
          where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start is not null
          order by a.xact_start
          limit 1
        ) o (age, application_name) on true
        """
    )


def canonical_key(task_name: str, source_key: str) -> Call:
    """The key of a source row as records hold it, JSON text; no row for a task without a table.

    Args:
        task_name: a date-field task.
        source_key: an object, or the bare value of a one-column key, as JSON text.
    """
    return Call(
        """
        select jittask.canonical_key(w.table_oid, w.key_columns, cast(cast(%(source_key)s as text) as jsonb))
        from jittask.task t
        join jittask.watch w on w.source_table = t.source_table
        where t.name = cast(%(task_name)s as text)
        """,
        {"task_name": task_name, "source_key": source_key},
    )


# Workers: these run on a worker's own connections, in autocommit mode. Instants are microseconds since 1970
# and arrays are sent as literals, because datetimes and adapted lists cost more than the statements.


class Claimed(NamedTuple):
    """An occurrence as the claim hands it out.

    Attributes:
        occurrence_id: the occurrence.
        lease_id: the lease of this claim, the same in all rows of it.
        token: proves the lease in later calls.
        handler: the function's name; None = the source in `detail`.
        args: keyword arguments, JSON text; None = none.
        source_key: canonical text of the source row's key; empty = no row.
        nominal_us: instant by the rule alone; None = the date of the row does not matter.
        due_us: instant at which it was due.
        run_us: instant by which the claim ordered it.
        attempt: number of this run, from 1.
        missed: how many missed occurrences it stands for.
        detail: what a worker must know of the task, JSON text; None = plain one-off.
    """

    occurrence_id: int
    lease_id: int
    token: int
    handler: str | None
    args: str | None
    source_key: str
    nominal_us: int | None
    due_us: int
    run_us: int
    attempt: int
    missed: int
    detail: str | None


class Report(NamedTuple):
    """How runs of one lease ended, as arrays of one length; None = the default for all of them.

    Attributes:
        occurrence_ids: the occurrences.
        started_us: when each function was called; None = it never was.
        finished_us: when each ended.
        outcomes: completed, error, timed_out, cancelled, skipped, retry or snooze; None = all completed.
        results: JSON text or None.
        errors: text or None.
        logs: captured log lines or None.
        run_us: for retry and snooze, when to run again.
    """

    occurrence_ids: Sequence[int]
    started_us: Sequence[int | None]
    finished_us: Sequence[int]
    outcomes: list[str] | None = None
    results: list[str | None] | None = None
    errors: list[str | None] | None = None
    logs: list[str | None] | None = None
    run_us: list[int | None] | None = None


def register_worker(
    connection: Connection, name: str, host: str, pid: int, version: str, queues: Sequence[str] | None
) -> int:
    """Makes a worker known; its id."""
    row = connection.execute(
        "select jittask.register_worker(%s::text, %s::text, %s::int, %s::text, %s::text[])",
        (name, host, pid, version, None if queues is None else list(queues)),
    ).fetchone()
    assert row is not None
    return row[0]


def unregister_worker(connection: Connection, worker_id: int) -> None:
    """A worker says good-bye."""
    connection.execute("select jittask.unregister_worker(%s::bigint)", (worker_id,))


def claim(
    connection: Connection,
    worker_id: int,
    limit: int,
    queues: Sequence[str] | None,
    after: tuple[int, int] | None,
    *,
    inline: bool,
    isolated: bool = True,
) -> list[tuple[Any, ...]]:
    """Claims due occurrences, in claim order; plain tuples in the order of `Claimed`.

    Args:
        connection: of the worker.
        worker_id: the worker.
        limit: at most so many.
        queues: None = all.
        after: watermark, (run_us, occurrence_id) of the last one claimed before; None = from the start.
        inline: whether occurrences with source are wanted too.
        isolated: whether those of tasks with process isolation are.
    """
    return connection.execute(
        """
        select c.occurrence_id, c.lease_id, c.token, c.handler, c.args, c.source_key, c.nominal_us, c.due_us,
          c.run_us, c.attempt, c.missed, c.detail
        from jittask.claim(
          %s::bigint, %s::int, %s::text[], %s::bigint, %s::bigint, %s::bool, %s::bool
        ) c
        """,
        (
            worker_id,
            limit,
            None if queues is None else list(queues),
            *(after or (None, None)),
            inline,
            isolated,
        ),
    ).fetchall()


def finish(
    connection: Connection, lease_id: int, token: int, report: Report, *, ends_lease: bool
) -> list[tuple[int, str]]:
    """Reports how runs ended. Rows, (occurrence_id, verdict), only for what did not end as told."""
    return connection.execute(
        """
        select f.occurrence_id, f.verdict
        from jittask.finish(
          %s::bigint, %s::bigint, %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
          %s::text[], %s::text[], %s::bigint[], %s::bool
        ) f
        """,
        (
            lease_id,
            token,
            _numbers(report.occurrence_ids),
            _numbers(report.started_us),
            _numbers(report.finished_us),
            report.outcomes,
            report.results,
            report.errors,
            report.logs,
            None if report.run_us is None else _numbers(report.run_us),
            ends_lease,
        ),
    ).fetchall()


def give_back(
    connection: Connection,
    lease_id: int,
    token: int,
    occurrence_ids: Sequence[int],
    delay: float,
    reason: str | None,
    *,
    ends_lease: bool,
) -> int:
    """Gives claimed occurrences back unrun, to wait `delay` seconds; how many were still the worker's."""
    row = connection.execute(
        """
        select jittask.give_back(
          %s::bigint, %s::bigint, %s::bigint[], make_interval(secs => %s::float8), %s::text, %s::bool
        )
        """,
        (lease_id, token, _numbers(occurrence_ids), delay, reason, ends_lease),
    ).fetchone()
    assert row is not None
    return row[0]


def renew(connection: Connection, worker_id: int) -> list[tuple[int, list[int] | None]]:
    """Extends the worker's leases: each lease still held, with the occurrences asked to end."""
    return connection.execute(
        "select r.lease_id, r.stopping from jittask.renew(%s::bigint) r", (worker_id,)
    ).fetchall()


def note_progress(connection: Connection, leases: Sequence[tuple[int, int, str]]) -> None:
    """Keeps how far runs have come.

    Args:
        connection: of the worker.
        leases: id and token of each, and a JSON object: by occurrence id, what its run told.
    """
    ids, tokens, told = zip(*leases, strict=True)
    connection.execute(
        "select jittask.note_progress(%s::bigint[], %s::bigint[], %s::text[])",
        (_numbers(ids), _numbers(tokens), list(told)),
    )


def doze(connection: Connection, worker_id: int, queues: Sequence[str] | None) -> int | None:
    """Marks the worker as sleeping; when something runs next, in microseconds, None = nothing is planned."""
    row = connection.execute(
        "select jittask.doze(%s::bigint, %s::text[])", (worker_id, None if queues is None else list(queues))
    ).fetchone()
    assert row is not None
    return row[0]


def sweep(connection: Connection) -> dict[str, Any]:
    """Maintenance; what was done, ``{"busy": true}`` where another is at it."""
    row = connection.execute("select jittask.sweep()").fetchone()
    assert row is not None
    return row[0]


def replan_waits(connection: Connection) -> bool:
    """Whether something waits to be planned anew, so that a sweep is worth while."""
    row = connection.execute(
        "select exists (select from jittask.replan) or exists (select from jittask.backfill)"
    ).fetchone()
    return row is not None and bool(row[0])


def worker_settings(connection: Connection) -> tuple[float, float]:
    """The settings poll_interval and lease_duration, in seconds."""
    rows: dict[str, float] = dict(
        connection.execute(
            """
            select s.name, extract(epoch from s.value::interval)::float8
            from jittask.setting s
            where s.name in ('poll_interval', 'lease_duration')
            """
        ).fetchall()
    )
    return rows.get("poll_interval", 1.0), rows.get("lease_duration", 30.0)


def session_state(connection: Connection) -> tuple[str, bool]:
    """The fixed instant of the session's clock (empty = the real clock), and whether it can only read."""
    row = connection.execute(
        """
        select coalesce(current_setting('jittask.fake_now', true), ''),
          current_setting('transaction_read_only')::bool
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def clock_us(connection: Connection) -> int:
    """The wall clock of the server, in microseconds since 1970."""
    row = connection.execute("select (extract(epoch from clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None
    return row[0]


def now_us(connection: Connection) -> int:
    """``jittask.now()`` in microseconds since 1970."""
    row = connection.execute("select (extract(epoch from jittask.now()) * 1000000)::bigint").fetchone()
    assert row is not None
    return row[0]


def set_clock(connection: Connection, instant_us: int | None) -> None:
    """Fixes what ``jittask.now()`` answers in this session; None lets the real clock run again."""
    connection.execute(
        """
        select set_config(
          'jittask.fake_now',
          coalesce(
            to_char(
              (timestamp 'epoch' + %s::bigint * interval '1 microsecond'), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00"'
            ),
            ''
          ),
          false
        )
        """,
        (instant_us,),
    )


def backend_pid(connection: Connection) -> int:
    """The server process that answers; another than the connection was told of where a pooler is between."""
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return row[0]


def ended_at(connection: Connection, instant_us: int) -> list[tuple[Any, ...]]:
    """Occurrences that ended at one instant, by due time: occurrence_id, task_name, source_key, nominal_at,
    due_at, started_at, status, result, error, missed, attempt."""
    return connection.execute(
        """
        select r.occurrence_id, r.task_name, r.source_key, r.nominal_at, r.due_at, r.started_at, r.status,
          r.result, r.error, r.missed, r.attempt
        from jittask.execution_record r
        where r.finished_at = timestamptz 'epoch' + %s::bigint * interval '1 microsecond'
        order by r.due_at, r.occurrence_id
        """,
        (instant_us,),
    ).fetchall()


def empty_installation(connection: Connection) -> None:
    """Takes out everything that is defined, planned, claimed and recorded; settings and zones stay."""
    connection.execute("delete from jittask.task")
    connection.execute(
        """
        truncate jittask.due_queue, jittask.lease, jittask.running, jittask.series, jittask.replan,
          jittask.backfill, jittask.called_off, jittask.run_history, jittask.run_attempt, jittask.worker,
          jittask.paused_queue, jittask.calendar_day, jittask.calendar cascade
        """
    )


def lease_contents(connection: Connection, worker_id: int, lease_id: int) -> tuple[int, list[int]] | None:
    """Token and occurrences of a lease of this worker, of which it knows only that it is there."""
    return connection.execute(
        "select l.token, l.occurrence_ids from jittask.lease l where l.lease_id = %s and l.worker_id = %s",
        (lease_id, worker_id),
    ).fetchone()


def _numbers(values: Sequence[int | None]) -> str:
    if None in values:
        return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
    return "{" + ",".join(map(str, values)) + "}"
