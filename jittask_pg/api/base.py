"""What the parts of `JitTask` share: on which connection a statement runs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Engine

from ..connections import (
    AnyAsyncConnection,
    AnyConnection,
    OwnConnections,
    Rows,
    Steps,
    awaited_or_not,
    check_sync,
    drive,
)
from ..errors import InvalidValueError
from ..offsets import Offset
from ..patience import patiently
from ..statements.call import Call

__all__ = ["Base", "Length", "PointInTime", "task_name"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

Length = timedelta | Offset | str
"""A length of time: ``minutes(30)``, a timedelta, or text such as "30 minutes"."""

PointInTime = datetime | date | str
"""A datetime (aware, or wall-clock time in the task's zone), a date, or either as ISO text."""


class Base:
    """Runs statements on the caller's connection or on one of its own."""

    def __init__(
        self, source: str | Engine | None, *, pooler: bool, application_name: str, lock_patience: float
    ) -> None:
        self._own = OwnConnections(source, pooler=pooler, application_name=application_name)
        self._lock_patience = lock_patience

    def run(self, steps: Steps[T]) -> T:
        """Execute the statements of `steps` in a transaction of their own."""
        return self._own.run(steps)

    def _define(
        self, make: Callable[[], Steps[str]], connection: AnyConnection | None, operation: str
    ) -> str:
        if connection is not None:
            check_sync(connection, operation)
            return drive(connection, make())
        return patiently(lambda: self._own.run(make()), self._lock_patience, logger.warning)

    def _rows(self, call: Call, connection: AnyConnection | None, operation: str) -> Rows:
        if connection is None:
            return self._own.run(_all(call), atomic=False)
        check_sync(connection, operation)
        return drive(connection, _all(call))

    def _one(
        self, steps: Steps[T], connection: AnyConnection | AnyAsyncConnection | None
    ) -> T | Awaitable[T]:
        if connection is None:
            return self._own.run(steps, atomic=False)
        return awaited_or_not(connection, steps)


def task_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or name != name.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValueError(f'name is "{name}"', None, "Give text without blanks around it")
    return name


def _all(call: Call) -> Steps[Rows]:
    return (yield call)
