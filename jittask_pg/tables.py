"""Names of tables and columns, from whatever a program holds them in.

A table may be a mapped class, a SQLAlchemy table or its name; a column a mapped attribute, a SQLAlchemy
column or its name. Names given as text are taken as SQL spells them: ``"Order"`` in double quotes keeps its
capital.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Column, Table
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import InstrumentedAttribute, Mapper
from sqlalchemy.sql.elements import ColumnElement

from .errors import InvalidValueError

__all__ = ["ColumnName", "TableLike", "column_name", "find_column", "quoted", "table_name"]

TableLike = type[Any] | Table | str
"""A mapped class, a SQLAlchemy table or a name."""

ColumnLike = InstrumentedAttribute[Any] | Column[Any] | str
"""A mapped attribute, a SQLAlchemy column or a name."""

_IDENTIFIER = r'(?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|"(?:[^"]|"")+")'
_PATH = re.compile(rf"{_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})*")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column and the table it belongs to.

    Attributes:
        table: the table as SQL spells it, ``contract`` or ``app.contract``; None where only the column was
            named.
        column: the column's bare name, without quotes.
        column_object: the SQLAlchemy column, where the caller gave one.
    """

    table: str | None
    column: str
    column_object: Column[Any] | None = None


def table_name(table: object, field: str = "table") -> str:
    """The table's name as SQL spells it, with its schema where one is set.

    Args:
        table: a mapped class, a SQLAlchemy table or a name.
        field: how the caller calls it, for the error.

    Raises:
        InvalidValueError: it is none of these.
    """
    if isinstance(table, str):
        path = _split(table, field)
        if len(path) > 2:
            raise InvalidValueError(f'{field} is "{table}"', None, "Give table or schema.table")
        return ".".join(quoted(part) for part in path)
    found = cast(
        "object", table if isinstance(table, Table) else getattr(_mapper(table), "local_table", None)
    )
    if isinstance(found, Table):
        return _of_table(cast("Table", found))
    raise InvalidValueError(
        f'{field} is "{table!r}", which is no table',
        None,
        "Give a mapped class, a SQLAlchemy Table or a name such as app.contract",
    )


def column_name(column: object, field: str, table: object = None) -> ColumnName:
    """The column and its table.

    Args:
        column: a mapped attribute, a SQLAlchemy column, ``table.column``, ``schema.table.column`` or, where
            `table` says the rest, a bare name.
        field: how the caller calls it, for the error.
        table: the table, where the caller gave it apart.

    Raises:
        InvalidValueError: it is no column of a table, or of another table than `table`.
    """
    given = None if table is None else table_name(table)
    if isinstance(column, str):
        path = _split(column, field)
        own = ".".join(quoted(part) for part in path[:-1]) or None
        if len(path) > 3:
            raise InvalidValueError(f'{field} is "{column}"', None, "Give schema.table.column")
        name = ColumnName(own or given, path[-1])
    else:
        found = find_column(column)
        owner = None if found is None else _owner(found)
        if found is None or owner is None:
            raise InvalidValueError(
                f'{field} is "{column!r}", which is no column of a table',
                None,
                "Give a mapped attribute such as Contract.expires_on, a SQLAlchemy column or table.column",
            )
        name = ColumnName(_of_table(owner), str(found.name), found)
    if given is not None and name.table is not None and not _same_table(name.table, given):
        raise InvalidValueError(
            f'{field} is "{name.table}.{name.column}", a column of another table than "{given}"',
            None,
            "Use columns of one table: a task watches one",
        )
    return name


def find_column(element: object) -> Column[Any] | None:
    """The plain column behind a mapped attribute or a column; None where there is none."""
    if isinstance(element, InstrumentedAttribute):
        held = cast("object", getattr(cast("Any", element), "property", None))
        columns = cast("list[object]", getattr(held, "columns", None) or [])
        if len(columns) != 1:
            return None
        element = columns[0]
    if isinstance(element, Column):
        return cast("Column[Any]", element)
    if isinstance(element, ColumnElement):
        # An annotated copy, as expressions over mapped classes hold it, still knows its table and key.
        copy = cast("ColumnElement[Any]", element)
        key, owner = str(getattr(copy, "key", "")), _owner(copy)
        if owner is not None and key in owner.columns:
            return owner.columns[key]
    return None


def _owner(column: ColumnElement[Any]) -> Table | None:
    owner = cast("object", getattr(column, "table", None))
    return cast("Table", owner) if isinstance(owner, Table) else None


def quoted(name: str) -> str:
    """An identifier as SQL spells it: in double quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _same_table(left: str, right: str) -> bool:
    # One of them may leave out a schema that the search path supplies; the server compares them in full.
    one, other = left.split("."), right.split(".")
    return one[-1] == other[-1] and (len(one) != len(other) or one == other)


def _split(path: str, field: str) -> list[str]:
    if not _PATH.fullmatch(path.strip()):
        raise InvalidValueError(
            f'{field} is "{path}", which is no name',
            None,
            'Give names joined by dots, in double quotes where they hold capitals or spaces: app."Order"',
        )
    parts = re.findall(_IDENTIFIER, path)
    return [part[1:-1].replace('""', '"') if part.startswith('"') else part.lower() for part in parts]


def _of_table(table: Table) -> str:
    schema = table.schema
    return quoted(str(table.name)) if schema is None else f"{quoted(str(schema))}.{quoted(str(table.name))}"


def _mapper(entity: object) -> Mapper[Any] | None:
    try:
        found: object = inspect_entity(entity)
    except NoInspectionAvailable:
        return None
    return cast("Mapper[Any]", found) if isinstance(found, Mapper) else None
