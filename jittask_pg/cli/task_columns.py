"""From options to the columns of a task: what the given ones imply, and times as instants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from .. import statements
from ..api.moments import Moment, instant_of, last_instant_of
from ..errors import InvalidValueError
from ..handlers import check_source
from .session import Session
from .types import keyword_pairs

__all__ = ["changed", "complete", "merged_args", "timed", "written"]

Columns = dict[str, object]

_CYCLES_WITH_A_TIME = ("none", "daily", "weekly", "monthly", "yearly")
_CYCLES_WITHOUT_EVERY = ("none", "interval", "cron")


def written(given: Mapping[str, object], source_file: Path | None) -> Columns:
    """The columns whose options were used."""
    columns = {column: value for column, value in given.items() if value is not None}
    if source_file is not None:
        if "source" in columns:
            raise click.UsageError("Give either --source or --source-file")
        try:
            columns["source"] = source_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.BadParameter(
                f'"{source_file}" cannot be read as text: {error}', param_hint="--source-file"
            ) from None
    if isinstance(columns.get("source"), str):
        check_source(str(columns["source"]))
    return columns


def merged_args(args: object, pairs: Sequence[str]) -> str:
    """Keyword arguments (JSON text, or None) with those given one by one in addition."""
    held: dict[str, object] = json.loads(str(args or "{}"))
    return json.dumps({**held, **keyword_pairs(pairs)}, ensure_ascii=False)


def complete(columns: Mapping[str, object]) -> Columns:
    """Columns of a new task with those that the given ones imply."""
    watches = "source_table" in columns or "date_field" in columns
    implied: Columns = {
        "kind": "date_field" if watches else "scheduled",
        "repeat": _cycle(columns) or "none",
    }
    if "calendar" in columns:
        implied["skip_holidays"] = "nonworking"
    return {**implied, **columns}


def changed(
    columns: Mapping[str, object], cleared: Sequence[str], before: Mapping[str, Any]
) -> tuple[Columns, list[str]]:
    """Changes of a task, and columns to clear, with those that they imply.

    Args:
        columns: the given ones.
        cleared: columns to clear.
        before: the row as it stands.
    """
    changes, clears = dict(columns), list(cleared)
    repeat = changes.setdefault("repeat", _cycle(columns) or before["repeat"])
    if repeat != before["repeat"]:
        # What belonged to the old cycle would contradict the new one.
        leftovers = {"cron": "cron", "period": "interval"}
        clears += [name for name, cycle in leftovers.items() if before[name] is not None and repeat != cycle]
        if repeat in _CYCLES_WITHOUT_EVERY:
            clears.append("every")
    if "calendar" in changes and before["calendar"] is None:
        changes.setdefault("skip_holidays", "nonworking")
    if "calendar" in clears:
        clears.append("skip_holidays")
    return changes, [name for name in dict.fromkeys(clears) if name not in changes]


def timed(
    session: Session, columns: Mapping[str, object], before: Mapping[str, Any] | None = None
) -> Columns:
    """The columns with start, end and time of day as the database takes them.

    Args:
        session: asks the server, whose clock and zones decide.
        columns: of a new task, or changes.
        before: the row that is changed; None for a new task.

    Raises:
        InvalidValueError: a time of day for a cycle that has none of its own.
    """
    ready = dict(columns)
    row = before or {}
    zone = ready.get("timezone") or row.get("zone")
    zone = None if zone is None else str(zone)
    start, end = ready.pop("start_at", None), ready.pop("end_at", None)
    if isinstance(end, Moment):
        ready["end_at"] = session.steps(last_instant_of(end, zone, "end_at"))
    kind, repeat = ready.get("kind") or row.get("kind"), ready.get("repeat")
    if kind == "scheduled" and (at_time := ready.pop("at_time", None)) is not None:
        if repeat not in _CYCLES_WITH_A_TIME:
            raise InvalidValueError(
                f'at_time is "{at_time}", but repeat is "{repeat}"',
                None,
                "Use it with daily, weekly, monthly or yearly; give a cron expression its time itself",
            )
        start = _first_at(session, start, time.fromisoformat(str(at_time)), zone, before)
    if isinstance(start, Moment):
        # A date-field task has no start: the database says so.
        ready["start_at"] = session.steps(instant_of(start, zone))
    elif kind == "scheduled" and before is None:
        now = str(session.run(statements.times.task_start("", zone, None, None))[0][0])
        # Repeating starts count whole seconds.
        ready["start_at"] = datetime.fromisoformat(now).replace(microsecond=0).isoformat()
    return ready


def _cycle(columns: Mapping[str, object]) -> str | None:
    return "cron" if "cron" in columns else "interval" if "period" in columns else None


def _first_at(
    session: Session, start: object, at: time, zone: str | None, before: Mapping[str, Any] | None
) -> Moment:
    """The first such time of day at or after the start, or after now where there is none."""
    if before is not None and not isinstance(start, Moment):
        rows = session.run(statements.times.task_start("", zone, str(before["start_at"]), None))
        # The day of the series stays, its time changes.
        return Moment(local=datetime.combine(datetime.fromisoformat(rows[0][1]).date(), at).isoformat())
    instant, local = (start.instant, start.local) if isinstance(start, Moment) else (None, None)
    rows = session.run(statements.times.task_start("", zone, instant, local))
    begins = datetime.fromisoformat(str(rows[0][1]))
    first = datetime.combine(begins.date(), at)
    return Moment(local=(first if first >= begins else first + timedelta(days=1)).isoformat())
