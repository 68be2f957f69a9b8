"""Values of Python as JSON holds them: in filters, arguments and keys of rows."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import cast

from .errors import InvalidValueError

__all__ = ["Json", "json_value"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value that JSON can hold."""

# Longer numbers neither Python nor other readers of JSON take.
_MOST_BITS = 4300 * 3
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNKNOWN = object()


def json_value(value: object, field: str) -> Json:
    """The value as JSON holds it: dates and times in ISO form, UUIDs and long decimals as text.

    Args:
        value: a value of Python; containers of values too.
        field: how the caller calls it, for the error.

    Raises:
        InvalidValueError: JSON cannot hold it.
    """
    try:
        return _json_value(value, field)
    except RecursionError:
        raise InvalidValueError(
            f"{field} is nested too deeply, or holds itself", None, "Give plain lists and dicts"
        ) from None


def _json_value(value: object, field: str) -> Json:
    simple = _simple_value(value)
    if simple is not _UNKNOWN:
        if isinstance(simple, str) and _UNSTORABLE.search(simple):
            raise InvalidValueError(
                f"{field} is {simple[:80]!a}, which holds a character that Postgres cannot store",
                None,
                "Take out NUL and lone surrogates",
            )
        if isinstance(simple, int) and simple.bit_length() > _MOST_BITS:
            raise InvalidValueError(f"{field} is a number of thousands of digits", None, "Give it as text")
        return cast("Json", simple)
    if isinstance(value, float):
        raise InvalidValueError(f'{field} is "{value}", no number for JSON', None, "Give a finite number")
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        for key in pairs:
            if not isinstance(key, str):
                raise InvalidValueError(
                    f'{field} has the key "{key!r}", which is no text', None, "Name every key by text"
                )
        return {str(key): _json_value(one, f"{field}.{key}") for key, one in pairs.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        members = cast("Iterable[object]", value)
        return [_json_value(one, f"{field}[{index}]") for index, one in enumerate(members)]
    raise InvalidValueError(
        f'{field} is "{value!r}" of type {type(value).__name__}, which JSON cannot hold',
        None,
        "Give numbers, text, dates, booleans, None, or lists and dicts of them; for an object, its key",
    )


def _simple_value(value: object) -> object:
    # bool before int and datetime before date: each is a subclass of the other.
    match value:
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return _simple_value(cast("object", value.value))
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else _UNKNOWN
        case Decimal():
            return _decimal(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return f"{value.days} days {value.seconds}.{value.microseconds:06d} seconds"
        case uuid.UUID():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(cast("bytes", value)).hex()
        case _:
            return _UNKNOWN


def _decimal(value: Decimal) -> Json:
    # A JSON number where writing it as one keeps every digit, else text, which the database reads exactly.
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value) < Decimal("1e18"):
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
