"""Date-field tasks: where the times of their rows come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import cast

from .. import statements
from ..connections import Steps
from ..errors import InvalidValueError
from ..offsets import Offset
from ..rule import Rule
from ..rules import once, time_of_day
from ..tables import ColumnName, column_name
from .moments import Moment, last_instant_of, moment_of

__all__ = ["DateField", "date_field_steps"]


@dataclass(frozen=True, slots=True)
class DateField:
    """Where the times of a date-field task come from.

    Attributes:
        column: the date column, with its table.
        offset: signed distance from it.
        at: wall-clock time on that day; None = the time of the field.
        end: a date column of the same table, a point in time, or None.
        end_offset: signed distance from the end column.
        end_at: wall-clock time on the end day.
    """

    column: ColumnName
    offset: Offset
    at: time | None
    end: ColumnName | Moment | None
    end_offset: Offset | None
    end_at: time | None

    @classmethod
    def of(
        cls,
        column: object,
        *,
        table: object,
        offset: Offset | timedelta | str | None,
        at: time | str | None,
        end: object,
        end_offset: Offset | timedelta | str | None,
        end_at: time | str | None,
    ) -> DateField:
        """Read what a caller gave.

        Raises:
            InvalidValueError: a part cannot be; it names the field.
        """
        field = column_name(column, "column", table)
        if field.table is None:
            raise InvalidValueError(
                f'column is "{field.column}", without its table',
                None,
                'Give "table.column", or table= as well',
            )
        distance = Offset() if offset is None else Offset.of(offset, "offset")
        moment = None if at is None else time_of_day(at, "at")
        if moment is not None and not distance.whole_days:
            raise InvalidValueError(
                f'at is "{moment}" but offset is "{distance}", not of whole days',
                None,
                "Give days(…), weeks(…) or months(…), or leave at out",
            )
        stop = _end_of(end, field.table)
        if not isinstance(stop, ColumnName) and (end_offset is not None or end_at is not None):
            raise InvalidValueError(
                "end_offset and end_at need an end column",
                None,
                "Give end=Contract.ended_on, or leave them out",
            )
        end_distance = None if end_offset is None else Offset.of(end_offset, "end_offset")
        end_moment = None if end_at is None else time_of_day(end_at, "end_at")
        if end_moment is not None and end_distance is not None and not end_distance.whole_days:
            raise InvalidValueError(
                f'end_at is "{end_moment}" but end_offset is "{end_distance}", not of whole days',
                None,
                "Give days(…), weeks(…) or months(…), or leave end_at out",
            )
        return cls(field, distance, moment, stop, end_distance, end_moment)

    def columns(self) -> dict[str, object]:
        """The columns of ``jittask.task`` that hold it, apart from a fixed end."""
        end_field = self.end.column if isinstance(self.end, ColumnName) else None
        return {
            "source_table": self.column.table,
            "date_field": self.column.column,
            "start_offset": str(self.offset),
            "at_time": None if self.at is None else self.at.isoformat(),
            "end_field": end_field,
            "end_offset": None if self.end_offset is None else str(self.end_offset),
            "end_at_time": None if self.end_at is None else self.end_at.isoformat(),
        }

    def default_name(self, handler: str) -> str:
        """A name made of table, column, function and distance, the same for the same definition."""
        table = str(self.column.table).rpartition(".")[2].strip('"')
        parts = [table, self.column.column, handler.rpartition(".")[2]]
        if self.offset != Offset():
            parts.append(str(self.offset).replace("-", "minus ").replace(" ", "_"))
        return "_".join(parts)


def _end_of(end: object, table: str) -> ColumnName | Moment | None:
    if end is None:
        return None
    if isinstance(end, str):
        # A date begins with a digit, a name cannot.
        return moment_of(end, "end") if end.strip()[:1].isdigit() else column_name(end, "end", table)
    try:
        return moment_of(end, "end")
    except InvalidValueError:
        return column_name(end, "end", table)


def date_field_steps(
    name: str, columns: Mapping[str, object], field: DateField, rule: Rule | None, condition: object
) -> Steps[str]:
    """Defines a date-field task; returns its name.

    Args:
        name: the task.
        columns: checked columns, apart from those of field, rule and filter.
        field: where its times come from.
        rule: how it repeats from the first due time on; None = once per row.
        condition: the filter of the rows, as `conditions.filter_of` makes it; None = every row.
    """
    if rule is not None and rule.names_its_times:
        raise InvalidValueError(
            f'repeat names its own times: "{rule.repeat}"',
            "The first due time of each row decides them",
            "Give daily(), weekly(), monthly() … without times, and the time of day with at=",
        )
    end_at = None
    if isinstance(field.end, Moment):
        timezone = cast("str | None", columns.get("timezone"))
        end_at = yield from last_instant_of(field.end, timezone, "end")
    yield statements.tasks.define(
        {
            **columns,
            **(rule or once()).columns(),
            **field.columns(),
            "name": name,
            "kind": "date_field",
            "filter": None if condition is None else json.dumps(condition, ensure_ascii=False),
            "end_at": end_at,
        }
    )
    return name
