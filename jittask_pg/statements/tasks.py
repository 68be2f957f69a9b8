"""Tasks: defined, changed, removed, paused, and listed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import LiteralString

from .call import Call

_TEXT: LiteralString = "cast(%({})s as text)"
_INT: LiteralString = "cast(%({})s as int)"
_BOOL: LiteralString = "cast(%({})s as bool)"
_JSON: LiteralString = "cast(cast(%({})s as text) as jsonb)"
_INTERVAL: LiteralString = "cast(cast(%({})s as text) as interval)"
_INSTANT: LiteralString = "cast(cast(%({})s as text) as timestamptz)"
_TIME: LiteralString = "cast(cast(%({})s as text) as time)"

COLUMNS: dict[LiteralString, LiteralString] = {
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


def define(task: Mapping[str, object]) -> Call:
    """Adds the task of that name, or brings it to this definition; a row (its id) where that changes it.

    A definition is whole: columns that `task` leaves out, or gives as None, get their defaults, in a task
    that exists already too. Offsets are compared as text as well: Postgres takes 1 day and 24 hours for
    equal, the rules of time do not.

    Args:
        task: values by column, of those in `COLUMNS`; "name" among them.
    """
    given: list[LiteralString] = []
    values: list[LiteralString] = []
    settings: list[LiteralString] = []
    compared: list[LiteralString] = ["cast({0}.start_offset as text)", "cast({0}.end_offset as text)"]
    for column, parameter in COLUMNS.items():
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


def insert(task: Mapping[str, object]) -> Call:
    """Adds a task; one row: its name, which is made from the title where none is given.

    Args:
        task: values by column, of those in `COLUMNS`; columns left out get their defaults.
    """
    given: list[LiteralString] = [column for column in COLUMNS if task.get(column) is not None]
    values: list[LiteralString] = [COLUMNS[column].format(column) for column in given]
    template: LiteralString = "insert into jittask.task as t ({}) values ({}) returning t.name"
    return Call(
        template.format(", ".join(given), ", ".join(values)), {column: task[column] for column in given}
    )


def update(task_name: str, changes: Mapping[str, object], cleared: Sequence[str]) -> Call:
    """Changes columns of a task; a row (its name afterwards) where there is one of that name.

    Args:
        task_name: its name before.
        changes: new values by column, of those in `COLUMNS`.
        cleared: columns that get their defaults back.
    """
    settings: list[LiteralString] = []
    for column, parameter in COLUMNS.items():
        if column in cleared:
            settings.append(column + " = default")
        elif column in changes:
            settings.append(column + " = " + parameter.format(column))
    template: LiteralString = (
        "update jittask.task t set {} where t.name = cast(%(task_name)s as text) returning t.name"
    )
    return Call(template.format(", ".join(settings)), {**changes, "task_name": task_name})


def remove(task_name: str) -> Call:
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


def row(task_name: str) -> Call:
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


def listed(kind: str | None, queue: str | None) -> Call:
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


def names() -> Call:
    """Names of all tasks, a row each."""
    return Call("select t.name from jittask.task t order by t.name")


def titles() -> Call:
    """Every task by name: name, title, kind, repeat."""
    return Call("select t.name, t.title, t.kind, t.repeat from jittask.task t order by t.name")


def take_turn() -> Call:
    """Waits for others who make the database match folders, until their transaction ends: two of them would
    both add what is new."""
    return Call("select pg_advisory_xact_lock(hashtextextended('jittask.apply', 0))")


def spell_plainly() -> Call:
    """Within this transaction, values read as text look the same whatever the session's settings are."""
    return Call(
        """
        select set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'postgres', true),
          set_config('TimeZone', 'UTC', true)
        """
    )


def texts(task_names: Sequence[str] | None, *, lock: bool = False) -> Call:
    """Tasks by name: `COLUMNS` in their order, each as text.

    Args:
        task_names: None = every task.
        lock: keep others from changing them until the transaction ends.
    """
    columns: list[LiteralString] = ["cast(t." + column + " as text)" for column in COLUMNS]
    template: LiteralString = """
        select {columns}
        from jittask.task t
        where cast(%(task_names)s as text) is null
          or t.name in (select json_array_elements_text(cast(cast(%(task_names)s as text) as json)))
        order by t.name
        {locking}
    """
    return Call(
        template.format(columns=", ".join(columns), locking="for no key update of t" if lock else ""),
        {"task_names": None if task_names is None else json.dumps(list(task_names))},
    )


def stored_texts(task: Mapping[str, object]) -> Call:
    """How a task would be stored; one row: `COLUMNS` in their order, each as text.

    Args:
        task: values for all of `COLUMNS`. A table that does not exist stays as it is spelled.
    """
    spellings: dict[LiteralString, LiteralString] = {
        **COLUMNS,
        "source_table": """coalesce(
          (
            select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.oid = to_regclass(cast(%({0})s as text))
          ),
          cast(%({0})s as text)
        )""",
    }
    values: list[LiteralString] = [
        "cast(" + spelling.format(column) + " as text)" for column, spelling in spellings.items()
    ]
    template: LiteralString = "select {}"
    return Call(template.format(", ".join(values)), task)


def others(task_names: Sequence[str]) -> Call:
    """Tasks that are not among `task_names`, by name.

    Returns:
        name, calendar, created_by, whether that is the login role of this session.
    """
    return Call(
        """
        select t.name, t.calendar, t.created_by, t.created_by = session_user
        from jittask.task t
        where t.name not in (select json_array_elements_text(cast(cast(%(task_names)s as text) as json)))
        order by t.name
        """,
        {"task_names": json.dumps(list(task_names))},
    )
