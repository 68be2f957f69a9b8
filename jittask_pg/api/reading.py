"""Reading what is planned and what ran: the third part of `JitTask`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal, cast

from .. import statements
from ..connections import AnyConnection
from ..errors import InvalidValueError
from .base import Base, PointInTime, task_name
from .columns import whole_number
from .moments import Moment, moment_of
from .records import (
    ExecutionRecord,
    PlannedOccurrence,
    SourceKey,
    Status,
    key_text,
    occurrence_number,
    status_text,
)

__all__ = ["Reading"]

_PAGE = 1000


class Reading(Base):
    """Previews, explains and lists occurrences."""

    def preview(
        self,
        name: str,
        count: int = 10,
        source_key: SourceKey | None = None,
        *,
        connection: AnyConnection | None = None,
    ) -> list[PlannedOccurrence]:
        """The coming occurrences of a task.

        Args:
            name: the task.
            count: how many at most.
            source_key: for a date-field task, the key of one row; None = the earliest over all rows.
            connection: as for `schedule`.

        Raises:
            NotFoundError: there is no such task.
        """
        call = statements.plan.preview(
            task_name(name), whole_number("count", count, 0, 1_000_000), key_text(source_key)
        )
        return [PlannedOccurrence.from_row(row) for row in self._rows(call, connection, "preview")]

    def explain(
        self, name: str, source_key: SourceKey | None = None, *, connection: AnyConnection | None = None
    ) -> str:
        """When a task will run next and why, or why it never will, in words.

        Raises:
            NotFoundError: there is no such task.
        """
        rows = self._rows(
            statements.plan.explain(task_name(name), key_text(source_key)), connection, "explain"
        )
        return str(rows[0][0])

    def records(
        self,
        name: str | None = None,
        *,
        status: Status | Iterable[Status] | None = None,
        since: PointInTime | None = None,
        until: PointInTime | None = None,
        kind: Literal["scheduled", "date_field", "one_off"] | None = None,
        source_key: SourceKey | None = None,
        occurrence_id: int | None = None,
        limit: int | None = None,
        newest_first: bool = True,
        connection: AnyConnection | None = None,
    ) -> Iterator[ExecutionRecord]:
        """Execution records by due time: what is planned, runs and has ended.

        Fetched page by page while they are read, so that any number of them may be gone through.

        Args:
            name: of one task.
            status: one status word, or several.
            since: due at or after it; without an offset in the installation's zone.
            until: due before it; a date means through that local day.
            kind: scheduled, date_field or one_off.
            source_key: for one task, the key of a row: ``{"id": 7}``.
            occurrence_id: one occurrence.
            limit: how many at most; None = all.
            newest_first: the latest due first, else the earliest.
            connection: as for `schedule`.

        Raises:
            InvalidValueError: a value that cannot be; it names the field.

        Example:
            ``for record in jt.records("sales_report", status="error", since="2026-03-01"): ...``
        """
        if source_key is not None and not isinstance(source_key, dict):
            raise InvalidValueError(
                f'source_key is "{source_key!r}"', None, 'Give the columns of the key: {"id": 7}'
            )
        if kind not in (None, "scheduled", "date_field", "one_off"):
            raise InvalidValueError(f'kind is "{kind}"', None, "Give scheduled, date_field or one_off")
        filters: dict[str, object] = {
            "occurrence_id": None if occurrence_id is None else occurrence_number(occurrence_id),
            "task_name": None if name is None else task_name(name),
            "kind": kind,
            "status": status_text(status),
            "source_key": key_text(cast("SourceKey | None", source_key)),
            "since": self._instant(since, "since", connection),
            "until": self._instant(until, "until", connection),
        }
        left = None if limit is None else whole_number("limit", limit, 0, 2_147_483_647)
        return self._pages(filters, left, newest_first, connection)

    def _instant(self, value: PointInTime | None, field: str, connection: AnyConnection | None) -> str | None:
        if value is None:
            return None
        moment = moment_of(value, field)
        if moment.instant is not None:
            return moment.instant
        if field == "until" and moment.whole_day is not None and moment.whole_day < date.max:
            midnight = datetime.combine(moment.whole_day + timedelta(days=1), time())
            moment = Moment(local=midnight.isoformat())
        rows = self._rows(statements.times.instants([str(moment.local)], None), connection, "records")
        return str(rows[0][0])

    def _pages(
        self,
        filters: dict[str, object],
        left: int | None,
        newest_first: bool,
        connection: AnyConnection | None,
    ) -> Iterator[ExecutionRecord]:
        place = "before" if newest_first else "after"
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            call = statements.records.find(filters, size, newest_first=newest_first)
            page = [ExecutionRecord.from_row(row) for row in self._rows(call, connection, "records")]
            yield from page
            if len(page) < size:
                return
            left = None if left is None else left - len(page)
            filters = {
                **filters,
                place: page[-1].due_at.isoformat(),
                f"{place}_id": page[-1].occurrence_id,
            }
