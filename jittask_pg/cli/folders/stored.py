"""What the database holds, in the texts in which folders are compared with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from ... import statements
from ...api.moments import Moment, instant_of, last_instant_of
from ..session import Session
from .calendar_file import Calendar
from .task_folder import DEFAULTS, TaskFolder

__all__ = [
    "INSTANTS",
    "Difference",
    "Texts",
    "defined",
    "difference",
    "local_text",
    "stored_calendars",
    "stored_tasks",
    "stored_texts",
]

INSTANTS = ("start_at", "end_at")
"""The columns that are compared in UTC, and read in the zone of the task."""

Texts = Mapping[str, str | None]
"""Values by column, as Postgres writes them."""

Difference = dict[str, tuple[str | None, str | None]]
"""Values before and after, of the columns in which they differ."""


def stored_tasks(
    session: Session, names: Sequence[str] | None = None, *, lock: bool = False
) -> dict[str, Texts]:
    """Tasks by name; see `statements.tasks.texts`."""
    session.run(statements.tasks.spell_plainly())
    rows = session.run(statements.tasks.texts(names, lock=lock))
    return {str(row[0]): dict(zip(statements.tasks.COLUMNS, row, strict=True)) for row in rows}


def stored_texts(session: Session, columns: Mapping[str, object]) -> Texts:
    """How a task of these columns would be stored; columns left out have their defaults."""
    whole = {column: columns.get(column, DEFAULTS.get(column)) for column in statements.tasks.COLUMNS}
    row = session.run(statements.tasks.stored_texts(whole))[0]
    return dict(zip(statements.tasks.COLUMNS, row, strict=True))


def defined(session: Session, folder: TaskFolder) -> dict[str, object]:
    """The columns that a folder defines, with wall-clock times as instants of the task's zone."""
    columns = dict(folder.columns)
    zone = None if columns.get("timezone") is None else str(columns["timezone"])
    start, end = columns.get("start_at"), columns.get("end_at")
    if isinstance(start, Moment):
        columns["start_at"] = session.steps(instant_of(start, zone))
    if isinstance(end, Moment):
        columns["end_at"] = session.steps(last_instant_of(end, zone, "end_at"))
    return columns


def local_text(session: Session, task: str, instant: str | None) -> str | None:
    """An instant as it reads in the zone of a task, with its offset."""
    if instant is None:
        return None
    return str(session.local([datetime.fromisoformat(instant)], [task])[0])


def stored_calendars(session: Session, names: Sequence[str] | None = None) -> dict[str, Calendar]:
    """Calendars by name, with the days that were marked by hand; None = all."""
    found: dict[str, Calendar] = {}
    for name, country, subdivision, weekend, *_ in session.run(statements.calendars.listed()):
        if names is None or name in names:
            days = session.run(statements.calendars.days(name, "0001-01-01", "9999-12-31"))
            found[name] = Calendar(
                name,
                country,
                subdivision,
                tuple(sorted(set(json.loads(weekend)))),
                {day.isoformat(): (working, note) for day, working, note, by in days if by == "manual"},
            )
    return found


def difference(before: Texts, after: Texts) -> Difference:
    """In what two sets of values differ."""
    return {
        key: (before.get(key), after.get(key))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    }
