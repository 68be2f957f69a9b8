"""A worker whose clock is moved by hand. It claims, reads rows again, calls functions and reports with the
code of real workers, one occurrence after the other, in the process that asks."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import psycopg

from .. import statements
from ..database import Connection, connect
from ..errors import InvalidValueError, StateError, from_database
from ..handlers import Registry, registry
from ..migration import check_schema
from ..version import __version__
from ..worker.batch import GIVEN_BACK, Batch, Ended, Job
from ..worker.clock import FixedClock
from ..worker.connect import Connector, Lender
from ..worker.context import instant
from ..worker.hub import Hub
from ..worker.recipe import Recipe, Recipes
from ..worker.report import deliver
from ..worker.reread import reread
from ..worker.run import run_here

__all__ = ["Rehearsal", "RehearsedRun"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RehearsedRun:
    """An occurrence that ended while time was advanced.

    Attributes:
        task_name: the task; None for a one-off.
        source_key: key of the source row, ``{"id": 7}``; None without one.
        nominal_at: instant by the rule alone.
        due_at: instant at which it was due.
        started_at: when its function was called; None = it was not.
        status: completed, error, timed_out, cancelled, skipped or lost.
        result: what the function returned, as stored.
        error: the error, or why it was skipped or cancelled.
        missed: how many missed occurrences it stands for.
        attempt: number of the last run.
        occurrence_id: the occurrence.
    """

    task_name: str | None
    source_key: dict[str, Any] | None
    nominal_at: datetime
    due_at: datetime
    started_at: datetime | None
    status: str
    result: Any
    error: str | None
    missed: int
    attempt: int
    occurrence_id: int


class Rehearsal:
    """A database whose time is moved by hand.

    It owns the database: what is planned there is judged by its clock.

    Args:
        dsn: connection string; the schema must be installed.
        start: the first instant: an aware datetime, or ISO text with an offset.
        handlers: functions by name, beside those that are registered anyway.
        call: False = functions are not called, every run completes without a result.

    Attributes:
        connection: psycopg connection in autocommit mode, under the rehearsal's clock.
        workers_stopped: True lets time pass without any worker.

    Raises:
        InvalidValueError: `start` is no instant.
        SchemaVersionError: the schema is missing or older than this package.
        UnavailableError: the database cannot be reached.
    """

    def __init__(
        self,
        dsn: str,
        start: datetime | str,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        *,
        call: bool = True,
    ) -> None:
        self._clock = FixedClock(_us_of(start, "start"))
        self._call = call
        self.workers_stopped = False
        self.connection: Connection = connect(dsn, application_name="jittask rehearsal")
        connector = Connector(dsn, "jittask rehearsal worker")
        self._own = connector.open()
        try:
            check_schema(self._own, dsn)
            self._lender = Lender(connector, self._set_clock)
            self._hub = Hub(self._clock, self._lender, float("inf"))
            known = {name: function for name in registry.names() if (function := registry.get(name))}
            self._recipes = Recipes(Registry({**known, **(handlers or {})}), inline=True)
            self._set_all_clocks()
            self._worker_id = statements.workers.register(
                self._own, "rehearsal", socket.gethostname(), os.getpid(), __version__, None
            )
        except BaseException:
            self.connection.close()
            self._own.close()
            raise

    @property
    def now(self) -> datetime:
        """The instant at which the clock stands (UTC)."""
        return instant(self._clock.instant_us)

    def advance(self, to: datetime | timedelta | str) -> list[RehearsedRun]:
        """Let time pass: step to each instant at which something runs, and run it.

        Args:
            to: the instant at which to stop, itself included; or how far to go.

        Returns:
            What ended on the way, in order.

        Raises:
            InvalidValueError: `to` is no instant, or lies in the past.
            StateError: an occurrence could not be run here: its function is not known, or a right is missing.
            JitTaskError: what the database refuses.
        """
        if isinstance(to, timedelta):
            to = self.now + to
        until_us = _us_of(to, "to")
        if until_us < self._clock.instant_us:
            raise InvalidValueError(
                f'to is "{instant(until_us).isoformat()}", which is before "{self.now.isoformat()}"',
                None,
                "Time goes forward only; begin another rehearsal",
            )
        try:
            return self._advance(until_us)
        except psycopg.Error as error:
            raise from_database(error) from error

    def close(self) -> None:
        """Close the connections."""
        if not self._own.closed:
            statements.workers.unregister(self._own, self._worker_id)
        self._lender.close()
        self._own.close()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self, until_us: int) -> list[RehearsedRun]:
        runs: list[RehearsedRun] = []
        if not self.workers_stopped:
            seen = {row[0] for row in statements.rehearsal.ended_at(self._own, self._clock.instant_us)}
            statements.workers.sweep(self._own)
            self._run_due(runs, seen)
            while True:
                next_us = statements.workers.doze(self._own, self._worker_id, None)
                if next_us is None or next_us > until_us:
                    break
                self._move(next_us)
                self._run_due(runs, set())
        if until_us > self._clock.instant_us:
            self._move(until_us)
        if not self.workers_stopped:
            statements.workers.sweep(self._own)
        return runs

    def _move(self, instant_us: int) -> None:
        self._clock.instant_us = instant_us
        self._set_all_clocks()

    def _set_all_clocks(self) -> None:
        self._set_clock(self._own)
        self._set_clock(self.connection)

    def _set_clock(self, connection: Connection) -> None:
        statements.rehearsal.set_clock(connection, self._clock.instant_us)

    def _run_due(self, runs: list[RehearsedRun], seen: set[int]) -> None:
        """Run whatever is due at this very instant, and what that makes due."""
        while True:
            if statements.workers.replan_waits(self._own):
                statements.workers.sweep(self._own)
            rows = statements.leases.claim(self._own, self._worker_id, 1, None, None, inline=True)
            if rows:
                self._run(rows[0])
            new = [
                row
                for row in statements.rehearsal.ended_at(self._own, self._clock.instant_us)
                if row[0] not in seen
            ]
            seen.update(row[0] for row in new)
            runs.extend(_run_of(row) for row in new)
            # A claim that only skipped what was late may have made the next one due.
            if not rows and not new:
                return

    def _run(self, row: tuple[Any, ...]) -> None:
        batch = Batch(row[1], row[2], 1, 0.0, float("inf"))
        recipe = self._recipes.get(row[3], row[11])
        if recipe.kind == "unknown" and self._call:
            self._end(batch, Ended(batch, row[0], None, 0, GIVEN_BACK))
            raise StateError(
                f'The function of "{recipe.detail.task_name or recipe.name}" is not known here',
                recipe.problem,
                "Give it: Rehearsal(…, handlers={name: function})",
            )
        job = Job(batch, recipe, row)
        if recipe.takes_row and recipe.detail.reread is not None:
            with self._lender.lent() as connection:
                ready, ended = reread(connection, [job], self._clock, set())
            if ended:
                self._end(batch, ended[0])
                if ended[0].outcome == GIVEN_BACK:
                    raise StateError(
                        f'"{recipe.detail.task_name}" cannot be run here', ended[0].error, "Give the right"
                    )
                return
            job = ready[0]
        self._end(batch, self._called(job))

    def _called(self, job: Job) -> Ended:
        now_us = self._clock.now_us()
        if not self._call:
            return Ended(job.batch, job.row[0], now_us, now_us)
        if job.recipe.kind == "broken":
            return Ended(job.batch, job.row[0], now_us, now_us, "error", None, job.recipe.problem)
        run_here(self._hub, job._replace(recipe=_in_place(job.recipe)))
        return self._hub.results.popleft()

    def _end(self, batch: Batch, ended: Ended) -> None:
        deliver(self._own, batch, [ended])


def _in_place(recipe: Recipe) -> Recipe:
    """The recipe for a call in this thread, which real time does not limit."""
    here = Recipe(recipe.handler, recipe.detail)
    here.kind = "sql" if recipe.kind == "sql" else "thread"
    here.function, here.wants_context = recipe.function, recipe.wants_context
    if recipe.kind == "sql":
        return here
    here.timeout = None
    function = recipe.function
    if function is not None and inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def wait(*args: Any, **kwargs: Any) -> Any:
            return asyncio.run(function(*args, **kwargs))

        here.function = wait
    return here


def _run_of(row: tuple[Any, ...]) -> RehearsedRun:
    occurrence_id, *shown, missed, attempt = row
    return RehearsedRun(*shown, missed=missed, attempt=attempt, occurrence_id=occurrence_id)


def _us_of(moment: datetime | str, field: str) -> int:
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidValueError(
                f'{field} is "{moment}", which is no instant', None, 'Write "2030-01-07T12:00:00+00:00"'
            ) from None
    if moment.tzinfo is None:
        raise InvalidValueError(
            f'{field} is "{moment.isoformat()}", which has no offset', None, "Give an aware datetime"
        )
    return (moment - _EPOCH) // _MICROSECOND
