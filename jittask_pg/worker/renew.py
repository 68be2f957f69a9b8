"""Keeps the leases of a worker process and writes how far its runs have come, on a thread and a connection of
its own that no function can hold up; learns what is asked to end, and takes part in maintenance."""

from __future__ import annotations

import logging
import random
import threading
import time

import psycopg

from .. import statements
from ..database import Connection
from ..errors import JitTaskError, from_database
from ..redact import redact
from .batch import Batch
from .clock import DatabaseClock
from .connect import Connector, is_useless
from .hub import Hub
from .progress import EVERY, Progress

__all__ = ["Renewer"]

logger = logging.getLogger(__name__)

_SWEEP_EVERY = 5.0
_LOOK_EVERY = 0.9
_NEXT_CHUNK_AFTER = 0.05
_LEAST_PAUSE = 0.5


class Renewer:
    """Renews until it is closed.

    Args:
        hub: of the worker.
        connector: opens its connection.
        worker_id: whose leases.
        interval: seconds between renewals.
        sweeps: whether it takes part in maintenance.
    """

    def __init__(
        self, hub: Hub, connector: Connector, worker_id: int, interval: float, *, sweeps: bool = True
    ) -> None:
        self._hub = hub
        self._connector = connector
        self._worker_id = worker_id
        self._interval = interval
        self._sweeps = sweeps
        self._connection: Connection | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._asked = False
        self._renewed_at = float("-inf")
        self._told = False
        self._note_at = 0.0
        self._written: dict[int, dict[str, Progress]] = {}
        self._unknown: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="jittask-renewer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._hub.beat = self.renew_now
        self._hub.note = self.note_soon
        self._thread.start()

    def renew_now(self) -> None:
        """Renew without waiting for the next time; functions ask for it, however often."""
        if not self._asked:
            self._asked = True
            self._wake.set()

    def note_soon(self) -> None:
        """Write before long how far the runs have come; functions call this, however often."""
        if not self._told:
            self._told = True
            self._wake.set()

    def close(self) -> None:
        """End; a statement that is on its way may take a moment."""
        self._closing.set()
        self._wake.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        renew_at = time.monotonic() + self._interval
        sweep_at = time.monotonic() + random.uniform(0, _SWEEP_EVERY)
        look_at = time.monotonic() + random.uniform(0, _LOOK_EVERY)
        while not self._closing.is_set():
            next_at = min(renew_at, sweep_at, look_at) if self._sweeps else renew_at
            if self._asked:
                next_at = min(next_at, self._renewed_at + _LEAST_PAUSE)
            if self._told:
                next_at = min(next_at, self._note_at)
            self._wake.wait(max(0.0, next_at - time.monotonic()))
            self._wake.clear()
            if self._closing.is_set():
                break
            try:
                now = time.monotonic()
                if now >= renew_at or (self._asked and now >= self._renewed_at + _LEAST_PAUSE):
                    self._asked = False
                    self._renewed_at = now
                    self._renew()
                    renew_at = time.monotonic() + self._interval
                if self._told and time.monotonic() >= self._note_at:
                    self._note_at = time.monotonic() + EVERY
                    self._note_progress()
                if self._sweeps and time.monotonic() >= look_at:
                    look_at = time.monotonic() + _LOOK_EVERY * random.uniform(0.8, 1.2)
                    if statements.workers.replan_waits(self._connected()):
                        sweep_at = 0.0
                if self._sweeps and time.monotonic() >= sweep_at:
                    sweep_at = time.monotonic() + _SWEEP_EVERY * random.uniform(0.8, 1.2)
                    done = statements.workers.sweep(self._connected())
                    if done.get("more") and done["replanned"]:
                        # A large table is planned chunk by chunk: on with it.
                        sweep_at = time.monotonic() + _NEXT_CHUNK_AFTER
            except _ClosingError:
                break
            except JitTaskError as error:
                logger.warning("leases were not renewed: %s", redact(str(error).replace("\n", "; ")))
            except psycopg.Error as error:
                if is_useless(error, self._connection):
                    self._drop()
                    renew_at = 0.0
                    self._told = True
                else:
                    logger.warning(
                        "maintenance failed: %s", redact(str(from_database(error)).replace("\n", "; "))
                    )
        self._drop()

    def _renew(self) -> None:
        hub = self._hub
        connection = self._connected()
        asked = time.monotonic()
        told_before = set(hub.stopping)
        # Batches that come in while the answer is on its way are not judged by it.
        known = tuple(hub.batches.values())
        held = dict(statements.leases.renew(connection, self._worker_id))
        for stopping in held.values():
            for occurrence_id in stopping or ():
                if occurrence_id not in hub.stopping:
                    hub.stop_run(occurrence_id)
        # A notification names occurrences of other workers too; those are not kept.
        hub.stopping -= told_before.difference(*(stopping or () for stopping in held.values()))
        for batch in known:
            if batch.lease_id in held:
                batch.safe_until = asked + hub.lease_duration
            elif not batch.ending and not batch.lost:
                batch.lost = True
                logger.warning("lease %s was lost; what runs under it no longer counts", batch.lease_id)
                for run in tuple(hub.active.values()):
                    if run.job.batch is batch:
                        run.stop("lost")
        self._give_back_unknown(connection, held.keys() - hub.batches.keys())
        if isinstance(hub.clock, DatabaseClock):
            hub.clock.compare(connection)

    def _note_progress(self) -> None:
        """How far runs have come, all leases in one statement, and only where there is news."""
        self._told = False
        told: dict[Batch, dict[str, Progress]] = {}
        for run in tuple(self._hub.active.values()):
            if run.context.told is not None:
                told.setdefault(run.job.batch, {})[str(run.job.row[0])] = run.context.told
        now_us = self._hub.clock.now_us()
        news = [
            (
                batch.lease_id,
                batch.token,
                "{" + ", ".join(f'"{id}": {said.json(now_us)}' for id, said in by_run.items()) + "}",
            )
            for batch, by_run in told.items()
            if self._written.get(batch.lease_id) != by_run
        ]
        if news:
            statements.leases.note_progress(self._connected(), news)
        self._written = {batch.lease_id: by_run for batch, by_run in told.items()}

    def _give_back_unknown(self, connection: Connection, unknown: set[int]) -> None:
        # The answer of a claim was lost with its connection. The first time it may still be on its way.
        for lease_id in unknown & self._unknown:
            found = statements.leases.contents(connection, self._worker_id, lease_id)
            if found is not None and lease_id not in self._hub.batches:
                token, occurrence_ids = found
                count = statements.leases.give_back(
                    connection, lease_id, token, occurrence_ids, 0, None, ends_lease=True
                )
                logger.info("gave back %d occurrences of a claim whose answer was lost", count)
        self._unknown = unknown

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connector.open_again(self._closing.wait)
            if self._connection is None:
                raise _ClosingError
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _ClosingError(Exception):
    """The renewer was closed while it waited for the database."""
