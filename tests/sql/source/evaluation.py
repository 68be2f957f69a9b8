"""Filters evaluated in Python, independent of the SQL they compile to: true, false or None for unknown."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Row = Mapping[str, Any]
Constant = Callable[[str, Any], Any]
Verdict = bool | None


def all_of(verdicts: list[Verdict]) -> Verdict:
    return False if False in verdicts else None if None in verdicts else True


def negated(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def any_of(verdicts: list[Verdict]) -> Verdict:
    return negated(all_of([negated(verdict) for verdict in verdicts]))


class Evaluation:
    """Evaluates filters over rows of Python values.

    Args:
        read: gives the Python value that a JSON value means for a column.
        order: gives, for a column and its value, what decides the order among values of its type.
        zone: zone of the task.
    """

    def __init__(self, read: Constant, order: Constant, zone: ZoneInfo) -> None:
        self._read = read
        self._order = order
        self._zone = zone

    def verdict(self, filter: Mapping[str, Any], row: Row) -> Verdict:
        match filter:
            case {"and": list(parts)}:
                return all_of([self.verdict(part, row) for part in parts])
            case {"or": list(parts)}:
                return any_of([self.verdict(part, row) for part in parts])
            case {"not": dict(part)}:
                return negated(self.verdict(part, row))
            case {"field": field, "op": op}:
                return self._condition(field, op, filter.get("value"), row)
            case _:
                return all_of(
                    [
                        row[field] is None if value is None else self._condition(field, "=", value, row)
                        for field, value in filter.items()
                    ]
                )

    def _condition(self, field: str, op: str, value: Any, row: Row) -> Verdict:
        match op:
            case "is_null":
                return row[field] is None
            case "is_not_null":
                return row[field] is not None
            case "in":
                return any_of([self._condition(field, "=", one, row) for one in value])
            case "not_in":
                return all_of([self._condition(field, "!=", one, row) for one in value])
            case "between":
                low, high = value
                return all_of(
                    [self._condition(field, ">=", low, row), self._condition(field, "<=", high, row)]
                )
            case "like" | "ilike" | "starts_with":
                return None if row[field] is None else fits(row[field], op, value)
        left, right = self._sides(field, value, row)
        return None if left is None or right is None else COMPARISONS[op](left, right)

    def _sides(self, field: str, value: Any, row: Row) -> tuple[Any, Any]:
        left = row[field]
        if isinstance(value, dict):
            left, right = row[field], row[value["field"]]
            if isinstance(left, date) and isinstance(right, date):
                left, right = self._moments(left, right)
                return left, right
        else:
            right = self._read(field, value)
        return tuple(None if side is None else self._order(field, side) for side in (left, right))

    def _moments(self, left: date, right: date) -> tuple[date, date]:
        aware = [isinstance(side, datetime) and side.tzinfo is not None for side in (left, right)]
        if all(aware):
            return left, right
        return self._local(left), self._local(right)

    def _local(self, moment: date) -> datetime:
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time())
        return moment if moment.tzinfo is None else moment.astimezone(self._zone).replace(tzinfo=None)


def fits(text: str, op: str, pattern: str) -> bool:
    """Whether a text fits a pattern of like or ilike, or begins with it."""
    if op == "starts_with":
        return text.startswith(pattern)
    wanted, characters = "", iter(pattern)
    for character in characters:
        wild = {"%": "(?s:.*)", "_": "(?s:.)"}.get(character)
        wanted += wild or re.escape(next(characters) if character == "\\" else character)
    return re.fullmatch(wanted, text, re.IGNORECASE if op == "ilike" else 0) is not None
