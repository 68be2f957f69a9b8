"""What a function may ask about its own run."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..database import Connection
from ..errors import StateError
from ..statements.leases import Claimed
from .progress import EVERY, Progress, progress_of
from .rows import key_of

__all__ = ["RUN_LOGGER", "Context", "instant"]

RUN_LOGGER = "jittask_pg.run"
"""Name of the logger that functions are given."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(us: int) -> datetime:
    """Microseconds since 1970 as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=us)


class Context:
    """The run, as its function sees it through a parameter named ``context``.

    Attributes:
        occurrence_id: the occurrence.
        attempt: number of this run, from 1.
        task_name: the task; None for a one-off.
        title: title of the task or one-off, or None.
        source_key: key of the source row, ``{"id": 7}``; None without one.
        nominal_at: instant by the rule alone (UTC); the due time where the run is outside the plan.
        due_at: instant at which it was due (UTC).
        missed: how many missed occurrences this run stands for.
        logger: bound to the occurrence; its lines are kept in the record where the task says so.
        told: how far the run has come, as it told last; None = it did not.
    """

    def __init__(
        self,
        claimed: Claimed,
        task_name: str | None,
        title: str | None,
        connect: Callable[[], Connection] | None = None,
        beat: Callable[[], None] | None = None,
        note: Callable[[], None] | None = None,
    ) -> None:
        self.occurrence_id = claimed.occurrence_id
        self.attempt = claimed.attempt
        self.task_name = task_name
        self.title = title
        self.source_key: dict[str, Any] | None = key_of(claimed.source_key)
        self.due_at = instant(claimed.due_us)
        self.nominal_at = self.due_at if claimed.nominal_us is None else instant(claimed.nominal_us)
        self.missed = claimed.missed
        self.logger: logging.LoggerAdapter[logging.Logger] = _Bound(
            logging.getLogger(RUN_LOGGER),
            {"occurrence_id": self.occurrence_id, "task_name": task_name, "attempt": self.attempt},
        )
        self._connect = connect
        self._beat = beat
        self._note = note
        self._connection: Connection | None = None
        self.told: Progress | None = None
        self._logged_at = float("-inf")
        self._stop: str | None = None
        self._seen = False

    @property
    def cancelled(self) -> bool:
        """True once the run was asked to end: by ``jittask.cancel``, by its timeout or by a lost lease."""
        if self._stop is not None:
            self._seen = True
            return True
        return False

    @property
    def connection(self) -> Connection:
        """A connection to the database of the task, opened when first asked for and taken back after the run.

        In a transactional task its transaction is the one that commits together with the record of the run;
        else it is in autocommit mode.

        Raises:
            StateError: there is none here, as in a rehearsal without calls.
        """
        if self._connection is None:
            if self._connect is None:
                raise StateError("This run has no connection", None, "Open one in the function")
            self._connection = self._connect()
        return self._connection

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Say how far the run has come: the record shows it within about a second, while it runs.

        It costs little, so it may be called for each unit. The log of the run gets a line a second at most,
        and one when `done` reaches `total`. It extends nothing: leases are renewed without it.

        Args:
            done: units done.
            total: units in all; None = not known.
            message: for people; 500 characters of it are kept.

        Raises:
            InvalidValueError: a number is none.
        """
        told = progress_of(done, total, message)
        self.tell(told)
        if told.at - self._logged_at >= EVERY or told.done == told.total:
            self._logged_at = told.at
            self.logger.info("progress %s", told.text)

    def tell(self, told: Progress) -> None:
        """Have the record show how far the run has come; the worker calls this for a child process."""
        self.told = told
        if self._note is not None:
            self._note()

    def heartbeat(self) -> bool:
        """Have the lease renewed at once, and say whether to go on: False once the run was asked to end."""
        if self._beat is not None:
            self._beat()
        return not self.cancelled

    def connects_by(self, connect: Callable[[], Connection]) -> None:
        """Where `connection` comes from; the worker says so."""
        self._connect = connect

    def stop(self, reason: str) -> None:
        """Ask the run to end; the worker calls this.

        Args:
            reason: cancelled, timed_out or lost.
        """
        if self._stop is None:
            self._stop = reason

    @property
    def saw_stop(self) -> bool:
        """Whether the function has looked at `cancelled` since it was asked to end."""
        return self._seen


class _Bound(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return msg, kwargs
