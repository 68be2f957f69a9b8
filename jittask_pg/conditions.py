"""SQLAlchemy conditions as filters: the JSON that a date-field task stores and the database compiles.

A filter can say less than SQL: columns of one row, compared with constants or with each other. What it cannot
say is refused here by name, so that nobody believes in a condition that is only half there. Types, names and
values are checked once more by the database, against the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Column, TypeDecorator
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ClauseElement,
    ClauseList,
    ExpressionClauseList,
    False_,
    Grouping,
    Null,
    True_,
    UnaryExpression,
)

from .errors import InvalidValueError
from .json_values import Json, json_value
from .tables import column_name, find_column

__all__ = ["filter_of"]

_COMPARISONS: dict[Any, str] = {
    operators.eq: "=",
    operators.ne: "!=",
    operators.lt: "<",
    operators.le: "<=",
    operators.gt: ">",
    operators.ge: ">=",
}
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITES: dict[Any, Any] = {
    operators.not_like_op: operators.like_op,
    operators.not_ilike_op: operators.ilike_op,
    operators.not_between_op: operators.between_op,
    operators.not_startswith_op: operators.startswith_op,
    operators.not_endswith_op: operators.endswith_op,
    operators.not_contains_op: operators.contains_op,
    operators.not_istartswith_op: operators.istartswith_op,
    operators.not_iendswith_op: operators.iendswith_op,
    operators.not_icontains_op: operators.icontains_op,
}
# How each pattern operator spells its pattern around the text, and whether it ignores case.
_PATTERNS: dict[Any, tuple[str, str, bool]] = {
    operators.like_op: ("", "", False),
    operators.ilike_op: ("", "", True),
    operators.startswith_op: ("", "%", False),
    operators.endswith_op: ("%", "", False),
    operators.contains_op: ("%", "%", False),
    operators.istartswith_op: ("", "%", True),
    operators.iendswith_op: ("%", "", True),
    operators.icontains_op: ("%", "%", True),
}
_WAY_OUT = (
    "A filter compares columns of the row with values or with each other: ==, !=, <, <=, >, >=, in_, not_in, "
    "like, ilike, startswith, is_, is_not, between, and_, or_, not_"
)


def filter_of(where: object, table: str, field: str = "where") -> dict[str, Json] | None:
    """The filter that a condition says.

    Args:
        where: a SQLAlchemy condition; a sequence of them, joined by and; the filter as a dict; or None.
        table: name of the watched table; columns of other tables are refused.
        field: how the caller calls it, for the error.

    Returns:
        The filter as JSON objects; None = every row.

    Raises:
        InvalidValueError: the condition cannot be said in a filter, or holds a value that JSON cannot.

    Example:
        ``filter_of(Contract.status == "active", "contract")`` is
        ``{"field": "status", "op": "=", "value": "active"}``.
    """
    if where is None:
        return None
    if isinstance(where, Mapping):
        given = json_value(cast("Mapping[object, object]", where), field)
        return cast("dict[str, Json]", given)
    if isinstance(where, (list, tuple)):
        parts = [
            one
            for part in cast("Sequence[object]", where)
            if (one := filter_of(part, table, field)) is not None
        ]
        return _joined("and", parts) if parts else None
    reader = _Reader(table, field)
    if isinstance(where, ClauseElement) or hasattr(where, "__clause_element__"):
        return reader.condition(where)
    raise InvalidValueError(
        f'{field} is "{where!r}", which is no condition',
        None,
        'Give a SQLAlchemy condition such as Contract.status == "active", or a dict {"status": "active"}',
    )


def _joined(how: str, parts: Sequence[dict[str, Json]]) -> dict[str, Json]:
    return parts[0] if len(parts) == 1 else {how: list[Json](parts)}


class _Reader:
    """Reads one condition over the columns of one table."""

    def __init__(self, table: str, field: str) -> None:
        self._table = table
        self._field = field

    def condition(self, element: object) -> dict[str, Json]:
        element = self._plain(element)
        if isinstance(element, BooleanClauseList):
            return self._clauses(element)
        if isinstance(element, UnaryExpression):
            return self._unary(cast("UnaryExpression[Any]", element))
        if isinstance(element, BinaryExpression):
            return self._binary(cast("BinaryExpression[Any]", element))
        if isinstance(element, (ExpressionClauseList, ClauseList)):
            return self._clauses(cast("ClauseList", element))
        if isinstance(element, (True_, False_)):
            raise self._refusal(element, "a constant that holds for every row or for none")
        column = find_column(element)
        if column is not None:
            return self._comparison(column, "=", True)
        raise self._refusal(element, "no comparison of columns and values")

    def _clauses(self, element: Any) -> dict[str, Json]:
        names = {operators.and_: "and", operators.or_: "or"}
        how = names.get(element.operator)
        if how is None:
            raise self._refusal(element, "a list that is joined neither by and nor by or")
        return _joined(how, [self.condition(part) for part in element.clauses])

    def _unary(self, element: UnaryExpression[Any]) -> dict[str, Json]:
        inner = self._plain(element.element)
        column = find_column(inner)
        if element.operator in (operators.inv, operators.is_false):
            return {"not": self.condition(inner)} if column is None else self._comparison(column, "=", False)
        if element.operator is operators.is_true and column is not None:
            return self._comparison(column, "=", True)
        raise self._refusal(element, "an operator that filters do not have")

    def _binary(self, element: BinaryExpression[Any]) -> dict[str, Json]:
        operator: Any = element.operator
        left, right = self._plain(element.left), self._plain(element.right)
        if operator in _OPPOSITES:
            return {"not": self._applied(element, _OPPOSITES[operator], left, right)}
        return self._applied(element, operator, left, right)

    def _applied(
        self, element: BinaryExpression[Any], operator: Any, left: object, right: object
    ) -> dict[str, Json]:
        column = find_column(left)
        if column is None:
            other = find_column(right)
            if operator in _COMPARISONS and other is not None:
                mirrored = _MIRRORED[_COMPARISONS[operator]]
                return self._comparison(other, mirrored, self._value(other, left, element))
            raise self._refusal(element, "a comparison without a plain column on one side")
        if operator in _COMPARISONS:
            return self._comparison(column, _COMPARISONS[operator], self._operand(column, right, element))
        if operator in (operators.is_, operators.is_not):
            return self._identity(column, right, operator is operators.is_not, element)
        if operator in (operators.in_op, operators.not_in_op):
            return self._membership(column, right, operator is operators.not_in_op, element)
        if operator is operators.between_op:
            bounds = [self._operand(column, bound, element) for bound in self._members(right)]
            return self._comparison(column, "between", bounds)
        if operator in _PATTERNS:
            return self._pattern(column, operator, right, element)
        raise self._refusal(element, "an operator that filters do not have")

    def _identity(
        self, column: Column[Any], right: object, negated: bool, element: ClauseElement
    ) -> dict[str, Json]:
        if isinstance(right, Null):
            return {"field": self._name(column), "op": "is_not_null" if negated else "is_null"}
        if isinstance(right, (True_, False_)):
            value = isinstance(right, True_)
            if not negated:
                return self._comparison(column, "=", value)
            null: dict[str, Json] = {"field": self._name(column), "op": "is_null"}
            return _joined("or", [self._comparison(column, "=", not value), null])
        raise self._refusal(element, "is or is not with something else than None, True or False")

    def _membership(
        self, column: Column[Any], right: object, negated: bool, element: ClauseElement
    ) -> dict[str, Json]:
        if not isinstance(right, BindParameter):
            raise self._refusal(element, "membership in something else than a list of values")
        members = cast("object", cast("BindParameter[Any]", right).effective_value)
        if not isinstance(members, (list, tuple, set, frozenset)):
            raise self._refusal(element, "membership in something else than a list of values")
        values = [self._constant(column, one) for one in cast("Iterable[object]", members)]
        if not values:
            raise self._refusal(element, "membership in an empty list, which no row has")
        return self._comparison(column, "not_in" if negated else "in", values)

    def _pattern(
        self, column: Column[Any], operator: Any, right: object, element: BinaryExpression[Any]
    ) -> dict[str, Json]:
        before, after, ignores_case = _PATTERNS[operator]
        text = (
            cast("object", cast("BindParameter[Any]", right).effective_value)
            if isinstance(right, BindParameter)
            else None
        )
        if not isinstance(text, str):
            raise self._refusal(element, "a pattern that is no constant text")
        escape = cast("object", element.modifiers.get("escape"))
        if operator is operators.startswith_op:
            literal = _unescaped(text, escape)
            if literal is not None:
                return self._comparison(column, "starts_with", literal)
        if isinstance(escape, str) and escape not in ("", "\\"):
            text = _with_backslashes(text.replace("\\", "\\\\"), escape)
        return self._comparison(column, "ilike" if ignores_case else "like", before + text + after)

    def _operand(self, column: Column[Any], element: object, whole: ClauseElement) -> Json:
        other = find_column(element)
        return {"field": self._name(other)} if other is not None else self._value(column, element, whole)

    def _value(self, column: Column[Any], element: object, whole: ClauseElement) -> Json:
        if isinstance(element, BindParameter):
            return self._constant(column, cast("object", cast("BindParameter[Any]", element).effective_value))
        if isinstance(element, (True_, False_)):
            return isinstance(element, True_)
        raise self._refusal(whole, "a value that is neither a constant nor a column of the row")

    def _constant(self, column: Column[Any], value: object) -> Json:
        # Enumerations and decorated types keep something else in the database than Python shows.
        if isinstance(column.type, (EnumType, TypeDecorator)) and value is not None:
            kind = cast("Any", column.type).dialect_impl(_DIALECT)
            process = cast("Callable[[object], object] | None", kind.bind_processor(_DIALECT))
            try:
                value = value if process is None else process(value)
            except (LookupError, ValueError, TypeError) as error:
                raise InvalidValueError(
                    f'{self._field} compares "{column.name}" with "{value}", which its type refuses',
                    str(error),
                    "Give a value of the column's type",
                ) from error
        return json_value(value, f'{self._field}, the value for "{column.name}",')

    def _comparison(self, column: Column[Any], op: str, value: Json) -> dict[str, Json]:
        return {"field": self._name(column), "op": op, "value": value}

    def _name(self, column: Column[Any]) -> str:
        return column_name(column, self._field, self._table).column

    def _members(self, element: object) -> list[object]:
        clauses = cast("Iterable[object]", getattr(element, "clauses", ()))
        return [self._plain(one) for one in clauses]

    def _plain(self, element: object) -> Any:
        while not isinstance(element, ClauseElement) and hasattr(element, "__clause_element__"):
            element = cast("Any", element).__clause_element__()
        while isinstance(element, Grouping):
            element = cast("Grouping[Any]", element).element
        return element

    def _refusal(self, element: object, what: str) -> InvalidValueError:
        return InvalidValueError(f'{self._field} holds "{element}": {what}', None, _WAY_OUT)


_DIALECT = PGDialect()


def _unescaped(text: str, escape: object) -> str | None:
    """The text that a prefix pattern stands for; None where it holds real wildcards."""
    mark = escape if isinstance(escape, str) else "\\"
    plain: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == mark:
            plain.append(next(characters, ""))
        elif character in "%_":
            return None
        else:
            plain.append(character)
    return "".join(plain)


def _with_backslashes(text: str, escape: str) -> str:
    """The pattern with the backslash, which filters know, as its escape character."""
    plain: list[str] = []
    characters = iter(text)
    for character in characters:
        plain.append("\\" + next(characters, "") if character == escape else character)
    return "".join(plain)
