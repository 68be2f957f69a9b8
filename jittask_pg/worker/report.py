"""Reports the ends of runs, in batches, on a thread and a connection of its own: so that no claim waits for a
finish, and no end is lost while the database is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import psycopg

from .. import statements
from ..database import Connection
from ..errors import from_database
from ..redact import redact
from .batch import GIVEN_BACK, RECORDED, Batch, Ended
from .connect import Connector, is_useless
from .hub import Hub

__all__ = ["Reporter", "deliver", "passes", "report_of"]

logger = logging.getLogger(__name__)

_MOST = 2_000
_BLOCKED_STATES = {"40001", "40P01", "55P03", "57014"}


def report_of(ended: Sequence[Ended]) -> statements.leases.Report:
    """Ends of one lease as arrays; an array that would hold defaults only is left out."""
    _, ids, started, finished, outcomes, results, errors, logs, run_us = zip(*ended, strict=True)
    given = [outcome or "completed" for outcome in outcomes] if any(outcomes) else None
    return statements.leases.Report(
        ids,
        started,
        finished,
        given,
        list(results) if any(results) else None,
        list(errors) if any(errors) else None,
        list(logs) if any(logs) else None,
        list(run_us) if any(run_us) else None,
    )


def deliver(connection: Connection, batch: Batch, ended: Sequence[Ended]) -> list[tuple[int, str]]:
    """Report ends of one lease, and end the lease with the last of them.

    Args:
        connection: in autocommit mode.
        batch: their lease.
        ended: ends, given back ones among them.

    Returns:
        Occurrence and verdict (retry, superseded), for those that did not end as told.

    Raises:
        psycopg.Error: tell all of it again; what was committed before is recognised.
    """
    ends_lease = batch.remaining <= len(ended)
    batch.ending = ends_lease
    finished = [end for end in ended if end.outcome not in (GIVEN_BACK, RECORDED)]
    returned: dict[tuple[int | None, str | None], list[int]] = {}
    for end in ended:
        if end.outcome == GIVEN_BACK:
            returned.setdefault((end.run_us, end.error), []).append(end.occurrence_id)
    if ends_lease and not finished and not returned:
        # Everything was recorded by the runs themselves; the lease is still there.
        returned[0, None] = []
    verdicts: list[tuple[int, str]] = []
    for number, ((delay_us, reason), ids) in enumerate(returned.items(), start=1):
        last = ends_lease and not finished and number == len(returned)
        delay = (delay_us or 0) / 1_000_000
        statements.leases.give_back(
            connection, batch.lease_id, batch.token, ids, delay, reason, ends_lease=last
        )
    if finished:
        verdicts = statements.leases.finish(
            connection, batch.lease_id, batch.token, report_of(finished), ends_lease=ends_lease
        )
    return verdicts


class Reporter:
    """Takes ends from the hub and reports them until it is closed.

    Args:
        hub: of the worker.
        connector: opens its connection.
    """

    def __init__(self, hub: Hub, connector: Connector) -> None:
        self._hub = hub
        self._connector = connector
        self._connection: Connection | None = None
        self._wake = threading.Event()
        self._closing = False
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="jittask-reporter", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._hub.wake_reporter = self._wake.set
        self._thread.start()

    def close(self, timeout: float) -> bool:
        """Report what is left and end.

        Args:
            timeout: seconds for it.

        Returns:
            Whether everything was reported.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)
        self._given_up = True
        return not self._thread.is_alive() and not self._hub.results

    def _run(self) -> None:
        results = self._hub.results
        while True:
            self._wake.wait()
            self._wake.clear()
            while results:
                taken: list[Ended] = []
                while results and len(taken) < _MOST:
                    taken.append(results.popleft())
                self._report(taken)
                if self._hub.wants_room:
                    self._hub.wake_main()
                if self._given_up:
                    return
            if self._closing:
                break
        if self._connection is not None:
            self._connection.close()

    def _report(self, taken: list[Ended]) -> None:
        groups: dict[Batch, list[Ended]] = {}
        for end in taken:
            group = groups.get(end[0])
            if group is None:
                groups[end[0]] = [end]
            else:
                group.append(end)
        for batch, ended in groups.items():
            try:
                self._deliver(batch, ended)
            except Exception:
                # What is not recorded runs again when its lease is over; the others must be reported.
                logger.exception("%d runs could not be reported", len(ended))
            batch.remaining -= len(ended)
            if self._hub.stopping:
                self._hub.stopping.difference_update(end.occurrence_id for end in ended)
            if batch.remaining <= 0:
                self._hub.batches.pop(batch.lease_id, None)

    def _deliver(self, batch: Batch, ended: list[Ended]) -> None:
        pause = 0.05
        while not self._given_up:
            connection = self._connected()
            if connection is None:
                return
            try:
                verdicts = deliver(connection, batch, ended)
            except (psycopg.Error, UnicodeError) as error:
                if is_useless(error, connection):
                    connection.close()
                    self._connection = None
                    continue
                if isinstance(error, psycopg.Error) and passes(error):
                    time.sleep(pause)
                    pause = min(pause * 2, 2.0)
                    continue
                self._refused(connection, batch, ended, error)
            else:
                self._tell(verdicts)
            return

    def _connected(self) -> Connection | None:
        if self._connection is None:
            self._connection = self._connector.open_again(self._wait, for_reports=True)
        return self._connection

    def _wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self._given_up

    def _refused(self, connection: Connection, batch: Batch, ended: list[Ended], error: Exception) -> None:
        """The database does not take the report as it is: something in it cannot be stored."""
        if len(ended) > 1:
            # The one that is to blame must not keep the others from their records.
            half = len(ended) // 2
            remaining = batch.remaining
            self._deliver(batch, ended[:half])
            batch.remaining -= half
            self._deliver(batch, ended[half:])
            batch.remaining = remaining
            return
        said = str(from_database(error)) if isinstance(error, psycopg.Error) else str(error)
        end = ended[0]
        logger.error("occurrence %s: its record was refused: %s", end.occurrence_id, redact(said))
        plain = end._replace(
            outcome="error" if end.outcome in ("retry", "snooze") else end.outcome,
            run_us=None,
            result=None,
            error=f"The record of the run was refused: {said}".encode("ascii", "replace").decode(),
            log=None,
        )
        try:
            deliver(connection, batch, [plain])
        except psycopg.Error:
            # The lease runs out, and the sweep takes the occurrence back.
            logger.exception("occurrence %s: nothing could be recorded", end.occurrence_id)

    def _tell(self, verdicts: Sequence[tuple[int, str]]) -> None:
        lost = [occurrence_id for occurrence_id, verdict in verdicts if verdict == "superseded"]
        if lost:
            logger.warning(
                "%d runs came too late, their lease was lost: %s", len(lost), ", ".join(map(str, lost[:10]))
            )


def passes(error: psycopg.Error) -> bool:
    """Whether the same report is taken a moment later.

    A violation without a constraint's name is that of a partition: one for today was attached while the
    record was on its way into the default one.
    """
    return error.sqlstate in _BLOCKED_STATES or (
        isinstance(error, psycopg.errors.CheckViolation) and not error.diag.constraint_name
    )
