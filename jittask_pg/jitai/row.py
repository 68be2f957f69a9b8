"""Rows that a caller hands in, as instances or dicts, and what is planned for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Column
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import InstanceState, object_session

from .. import statements
from ..api.records import key_text, loaded
from ..connections import AnyConnection, Steps
from ..errors import InvalidValueError
from ..tables import table_name
from .scheduler import run

__all__ = ["Row", "planned_for", "row_of"]


class Row:
    """A row that a caller handed in: its table where that is known, its columns, its session if any."""

    def __init__(
        self, table: str | None, columns: Mapping[str, object], session: AnyConnection | None
    ) -> None:
        self.table = table
        self.columns = columns
        self.session = session


def row_of(row_object: object, side: str) -> Row:
    """Read what a caller handed in.

    Args:
        row_object: a row, or a dict that holds it by a side.
        side: "postData" or "prevData", the one to prefer.

    Raises:
        InvalidValueError: it is no row.
    """
    row = row_object
    if isinstance(row, Mapping):
        held = cast("Mapping[str, object]", row)
        other = "prevData" if side == "postData" else "postData"
        if side in held or other in held:
            row = held.get(side) or held.get(other)
    if isinstance(row, Mapping):
        columns = dict(cast("Mapping[str, object]", row))
        table = columns.pop("table", None) if not isinstance(columns.get("table"), Mapping) else None
        return Row(None if table is None else table_name(table, "table"), columns, None)
    state = _state_of(row)
    if state is None:
        raise InvalidValueError(
            f"rowObj is of type {type(row_object).__name__} and holds no row",
            None,
            'Give {"postData": row}, with an instance of a mapped class or a dict of its columns',
        )
    mapper = state.mapper
    columns = {
        str(column.name): state.dict.get(attribute.key)
        for attribute in mapper.column_attrs
        for column in attribute.columns
        if isinstance(column, Column)
    }
    # What a commit has expired, or a delete has taken, the instance still knows by its identity.
    columns |= {
        str(column.name): value
        for column, value in zip(mapper.primary_key, state.identity or (), strict=False)
    }
    return Row(table_name(type(row)), columns, object_session(row))


def _state_of(row: object) -> InstanceState[Any] | None:
    try:
        state: object = inspect_entity(row)
    except NoInspectionAvailable:
        return None
    return cast("InstanceState[Any]", state) if isinstance(state, InstanceState) else None


def planned_for(row: Row) -> list[dict[str, Any]]:
    """A dict for each waiting occurrence of the row; see `TaskSvc.saveDateFieldTask`."""

    def steps() -> Steps[list[dict[str, Any]]]:
        planned: list[dict[str, Any]] = []
        watched = yield statements.source_tables.watched()
        for table, key_columns, date_fields in watched:
            key = _key(row, str(table), loaded(key_columns), loaded(date_fields))
            if key is None:
                continue
            waiting = yield statements.plan.planned_for_row(str(table), str(key_text(key)))
            planned += [
                {
                    "taskId": str(occurrence_id),
                    "fullName": name,
                    "table": table,
                    "key": key,
                    "startTime": due_at,
                }
                for occurrence_id, name, due_at in waiting
            ]
        return planned

    # A row that hangs on a session is looked up there: its transaction knows more than ours.
    return run(steps(), row.session)


def _key(
    row: Row, table: str, key_columns: Sequence[str], date_fields: Sequence[str]
) -> dict[str, object] | None:
    if row.table is not None:
        # The watch knows the table with its schema, the caller may have left that to the search path.
        if row.table != table and ("." in row.table or row.table != table.partition(".")[2]):
            return None
    elif not set(date_fields) <= set(row.columns):
        return None
    if any(row.columns.get(column) is None for column in key_columns):
        return None
    return {column: row.columns[column] for column in key_columns}
