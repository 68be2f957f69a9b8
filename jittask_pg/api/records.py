"""What the database tells about occurrences: those that are planned and those that ran."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, cast

from ..errors import InvalidValueError
from ..json_values import Json, json_value
from .columns import whole_number

__all__ = [
    "STATUSES",
    "ExecutionRecord",
    "PlannedOccurrence",
    "SourceKey",
    "Status",
    "key_text",
    "loaded",
    "occurrence_number",
    "status_text",
]

Status = Literal[
    "pending", "overdue", "executing", "completed", "error", "timed_out", "cancelled", "skipped", "lost"
]
"""How an occurrence stands or ended."""

STATUSES: tuple[Status, ...] = (
    "pending",
    "overdue",
    "executing",
    "completed",
    "error",
    "timed_out",
    "cancelled",
    "skipped",
    "lost",
)

SourceKey = object
"""Key of a source row: a dict of its key columns, or the bare value where the key is one column."""


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One occurrence that is planned, runs or has ended; a row of ``jittask.execution_record``.

    Attributes:
        occurrence_id: its id, the same from planning to history.
        task_id: its task; None for a one-off.
        task_name: name of the task; for a one-off its title, None without one.
        kind: scheduled, date_field or one_off.
        source_key: key columns of the source row; None without one.
        nominal_at: instant by the rule alone.
        due_at: instant after offset and workday shift.
        status: how it stands or ended.
        attempt: number of the run, from 1; 0 = it has not run.
        worker: who runs or ran it; None = nobody.
        started_at: when the function was called; None = it was not.
        finished_at: when it ended; None = it has not.
        duration: between these two.
        missed: how many missed occurrences it stands for.
        result: what the function returned; a number in it that a float would round is a Decimal.
        error: the error, or the reason why it was skipped or cancelled.
        progress: while it runs, how far it has come, where its function says so: done, and with total,
            message, at (when that was said).
    """

    occurrence_id: int
    task_id: int | None
    task_name: str | None
    kind: str
    source_key: dict[str, Json] | None
    nominal_at: datetime
    due_at: datetime
    status: Status
    attempt: int
    worker: str | None
    started_at: datetime | None
    finished_at: datetime | None
    duration: timedelta | None
    missed: int
    result: Json
    error: str | None
    progress: dict[str, Json] | None = None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> ExecutionRecord:
        """The record that a row of `statements.records.find` holds."""
        values = list(row)
        values[4], values[14], values[16] = loaded(row[4]), loaded(row[14]), loaded(row[16])
        return cls(*values)


@dataclass(frozen=True, slots=True)
class PlannedOccurrence:
    """One coming occurrence of a task.

    Attributes:
        source_key: key columns of the source row; None for a scheduled task.
        occurrence_no: its number in the series, from 1.
        nominal_at: instant by the rule alone.
        due_at: instant after offset and workday shift.
    """

    source_key: dict[str, Json] | None
    occurrence_no: int
    nominal_at: datetime
    due_at: datetime

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> PlannedOccurrence:
        """The occurrence that a row of `statements.plan.preview` holds."""
        return cls(loaded(row[0]), row[1], row[2], row[3])


def key_text(source_key: SourceKey | None) -> str | None:
    """A source key as JSON text; None stays None.

    Raises:
        InvalidValueError: it holds a value that JSON cannot.
    """
    return None if source_key is None else json.dumps(json_value(source_key, "source_key"))


def occurrence_number(occurrence_id: int) -> int:
    """The id of an occurrence, if it can be one.

    Raises:
        InvalidValueError: it is no positive whole number.
    """
    return whole_number("occurrence_id", occurrence_id, 1, 2**63 - 1)


def status_text(status: str | Iterable[str] | None) -> str | None:
    """Status words, checked and joined by commas; None stays None.

    Raises:
        InvalidValueError: one of them is no status.
    """
    if status is None:
        return None
    words = [status] if isinstance(status, str) else list(status)
    for word in words:
        if word not in STATUSES:
            raise InvalidValueError(f'status is "{word}"', None, f"Give some of: {', '.join(STATUSES)}")
    return ",".join(words)


def loaded(text: object) -> Any:
    """The value that JSON text holds; None stays None. A number that a float would round is a Decimal."""
    return None if text is None else cast("Json", json.loads(str(text), parse_float=_number))


def _number(text: str) -> float | Decimal:
    rounded = float(text)
    exact = Decimal(text)
    return rounded if Decimal(repr(rounded)) == exact else exact
