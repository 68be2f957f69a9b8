"""Results and errors in a form that the database can store: bounded, and free of what ``jsonb`` refuses."""

from __future__ import annotations

import json
import math
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import TracebackType
from typing import Any, cast
from uuid import UUID

from ..redact import redact

__all__ = [
    "ERROR_LIMIT",
    "LOG_LIMIT",
    "RESULT_LIMIT",
    "error_text",
    "json_text",
    "storable",
    "traceback_text",
]

RESULT_LIMIT = 64 * 1024
"""Characters of JSON that are kept of a result."""

ERROR_LIMIT = 16 * 1024
"""Characters that are kept of an error."""

LOG_LIMIT = 64 * 1024
"""Characters that are kept of captured log lines."""

_REFUSED = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
# numeric, and with it jsonb, ends at 131072 digits before the point and 16383 after it.
_MOST_DIGITS = 16_000
_DEEPEST = 200
# Python refuses to write longer numbers out in decimal.
_MOST_BITS = 14_000


def json_text(value: object) -> str | None:
    """What a function returned, as JSON text; None for None.

    Decimals become numbers with all their digits; dates and times ISO text; UUIDs text; bytes hexadecimal;
    NaN and infinities text, as Postgres spells them; anything else its ``str``. What is too long becomes a
    string that says so.
    """
    if value is None:
        return None
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError, OverflowError):
        text = None
    if text is None or _REFUSED.search(text) is not None:
        text = _written(value, 0)
    if len(text) > RESULT_LIMIT:
        return json.dumps(f"{text[:RESULT_LIMIT]}… (cut: {len(text)} characters)")
    return text


def storable(text: str, limit: int = ERROR_LIMIT) -> str:
    """Text that Postgres takes: no NUL, no lone surrogates, no passwords, at most `limit` characters.

    The middle is cut out: a traceback tells most at its ends.
    """
    text = redact(_clean(text))
    if len(text) <= limit:
        return text
    head = limit // 4
    tail = limit - head
    return f"{text[:head]}\n… ({len(text) - limit} characters cut) …\n{text[-tail:]}"


def error_text(error: BaseException) -> str:
    """An exception in one line, ``ValueError: no such order``."""
    try:
        said = str(error)
    except Exception:
        said = "(its text cannot be shown)"
    return storable(f"{type(error).__name__}: {said}" if said else type(error).__name__)


def traceback_text(error: BaseException, skip: Callable[[str], bool]) -> str:
    """An exception with its traceback.

    Args:
        error: the exception.
        skip: says of a file name whether its frames are ours; these are left out at the beginning.
    """
    frame: TracebackType | None = error.__traceback__
    while frame is not None and skip(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    try:
        lines = traceback.format_exception(type(error), error, frame)
    except Exception:
        return error_text(error)
    return storable("".join(lines).rstrip())


def _clean(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\x00", "\ufffd")


def _written(value: object, depth: int) -> str:
    if depth > _DEEPEST:
        return json.dumps("… (nested too deeply)")
    if value is None or value is True or value is False:
        return json.dumps(value)
    if isinstance(value, Enum):
        return _written(value.value, depth + 1)
    if isinstance(value, str):
        return json.dumps(_clean(value))
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            return json.dumps(f"a number of {value.bit_length()} bits")
        return str(int(value))
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else json.dumps(_not_finite(value))
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, (datetime, date, time)):
        return json.dumps(value.isoformat())
    if isinstance(value, UUID):
        return json.dumps(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return json.dumps(bytes(cast("bytes", value)).hex())
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return (
            "{"
            + ", ".join(f"{json.dumps(_key(key))}: {_written(item, depth + 1)}" for key, item in pairs)
            + "}"
        )
    if isinstance(value, (list, tuple, set, frozenset)):
        items = cast("Iterable[Any]", value)
        return "[" + ", ".join(_written(item, depth + 1) for item in items) + "]"
    return json.dumps(_clean(_shown(value)))


def _key(key: object) -> str:
    if isinstance(key, str):
        return _clean(key)
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    return _clean(_shown(key))


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return json.dumps(_not_finite(value))
    exponent = value.as_tuple().exponent
    if abs(value.adjusted()) > _MOST_DIGITS or abs(int(exponent)) > _MOST_DIGITS:
        return json.dumps(str(value))
    return format(value, "f")


def _not_finite(value: float | Decimal) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"
