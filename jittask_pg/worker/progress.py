"""How far runs have come, as their functions tell it: kept in this process, and brought into the records now
and then, however often it is told."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import NamedTuple

from ..errors import InvalidValueError
from .encode import json_text, storable

__all__ = ["EVERY", "Progress", "Told", "progress_of"]

EVERY = 1.0
"""Seconds between two writes of one worker process."""

_LONGEST_MESSAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Number = int | float | Decimal


class Progress(NamedTuple):
    """What one call told.

    Attributes:
        done: units done.
        total: units in all; None = not known.
        message: for people, or None.
        at: when it was told, on the monotonic clock.
    """

    done: Number
    total: Number | None
    message: str | None
    at: float

    @property
    def text(self) -> str:
        """In words: 40/100 invoices."""
        share = _shown(self.done) if self.total is None else f"{_shown(self.done)}/{_shown(self.total)}"
        return share if self.message is None else f"{share} {self.message}"

    def json(self, now_us: int) -> str:
        """As the record shows it.

        Args:
            now_us: the database's clock at this moment.
        """
        at = _EPOCH + timedelta(microseconds=now_us - int((time.monotonic() - self.at) * 1_000_000))
        told = {"done": self.done, "total": self.total, "message": self.message, "at": at.isoformat()}
        return str(json_text({name: value for name, value in told.items() if value is not None}))


class Told(NamedTuple):
    """What a child process sends of a run that goes on.

    Attributes:
        occurrence_id: the run.
        done: units done.
        total: units in all.
        message: for people.
    """

    occurrence_id: int
    done: Number
    total: Number | None
    message: str | None


def progress_of(done: object, total: object, message: object) -> Progress:
    """What a function told, if it can be.

    Raises:
        InvalidValueError: a number is none.
    """
    return Progress(
        _number("done", done),
        None if total is None else _number("total", total),
        None if message is None else storable(str(message), _LONGEST_MESSAGE),
        time.monotonic(),
    )


def _number(name: str, value: object) -> Number:
    if isinstance(value, bool):
        return int(value)
    # Whatever is done with a signalling NaN raises, which the thread that renews leases must not meet.
    if isinstance(value, (int, float)) or (isinstance(value, Decimal) and not value.is_snan()):
        return value
    if isinstance(value, Real):
        with suppress(OverflowError):
            return float(value)
    raise InvalidValueError(f'{name} is "{value}", which is no number', None, "Tell units as numbers")


def _shown(number: Number) -> str:
    if isinstance(number, int) and abs(number) < 10**18:
        return str(number)
    return f"{Decimal(number):.15g}" if isinstance(number, int) else f"{number:.15g}"
