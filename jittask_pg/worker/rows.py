"""The source row that a date-field function receives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ..errors import UnreadableValueError

__all__ = ["Row", "Unreadable", "key_of"]


class Unreadable(NamedTuple):
    """In place of a value that Python cannot hold.

    Attributes:
        text: the value as Postgres writes it.
        why: what the driver says.
    """

    text: str
    why: str


class Row(Mapping[str, Any]):
    """A source row as it stands just before the run: a mapping by column name, with attribute access too.

    ``row["expires_on"]`` always means the column; so does ``row.expires_on`` unless the name is one of
    ``key``, ``keys``, ``values``, ``items``, ``get``.

    A value that Python cannot hold is met only by who reads it: that column by name, or all of them, as
    ``dict(row)`` and ``row.items()`` do. Names, ``len`` and ``in`` read nothing.

    Attributes:
        key: the key columns with their values, as in records: ``{"id": 7}``.
    """

    __slots__ = ("_values", "key")

    def __init__(self, names: Sequence[str], values: Sequence[Any], key: Mapping[str, Any]) -> None:
        self._values = dict(zip(names, values, strict=True))
        self.key = dict(key)

    def __getitem__(self, column: str) -> Any:
        value = self._values[column]
        if value.__class__ is Unreadable:
            raise UnreadableValueError(column, value.text, value.why)
        return value

    def __contains__(self, column: object) -> bool:
        return column in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, column: str) -> Any:
        # Only names that are no attributes come here; "_values" does while a copy is being unpickled.
        if column.startswith("__") or column == "_values":
            raise AttributeError(column)
        if column not in self._values:
            raise AttributeError(f'The row has no column "{column}"; it has {", ".join(self._values)}')
        return self[column]

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (tuple(self._values), tuple(self._values.values()), self.key)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row):
            return self._values == other._values
        return self._values == other

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # mutable values: not hashable

    def __repr__(self) -> str:
        # Values of a user's rows have no business in logs.
        return f"Row({json.dumps(self.key, default=str)}: {', '.join(self._values)})"


def key_of(source_key: str) -> dict[str, Any] | None:
    """The key columns of a canonical key text; None for the empty one."""
    return json.loads(source_key, parse_float=Decimal) if source_key else None
