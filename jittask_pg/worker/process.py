"""One worker process: claims what is due, sends it to its functions, sleeps until the next is due."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from contextlib import suppress

import psycopg
from psycopg import pq

from .. import database, statements
from ..database import Connection
from ..errors import JitTaskError, StateError, from_database
from ..handlers import import_modules, registry
from ..migration import check_schema
from ..redact import redact
from ..version import __version__
from . import logs
from .child import ChildOptions
from .children import Children
from .clock import DatabaseClock
from .connect import Connector, Lender, is_useless
from .dispatch import Dispatch
from .hub import Hub
from .options import WorkerOptions
from .pace import Batching
from .recipe import Recipes
from .renew import Renewer
from .report import Reporter
from .wakeup import Wakeup

__all__ = ["Worker"]

logger = logging.getLogger(__name__)

_HOT_PAUSES = (0.001, 0.002, 0.004)
_FULL_LOOK_EVERY = 1.0
_HOARDED_AFTER = 1.0
_STALLED_LOOK = 0.025
_UNREPORTED = 2 * Batching.MOST
_LAST_REPORT = 5.0
_BLOCKED_STATES = {"40001", "40P01", "55P03", "57014"}


class Worker:
    """One worker process serving one database.

    Args:
        options: how to run.
        dsn: the database.

    Raises:
        JitTaskError: a module that registers functions cannot be imported.
    """

    def __init__(self, options: WorkerOptions, dsn: str) -> None:
        self._options = options
        self._dsn = dsn
        self.name = options.name or f"{socket.gethostname()}:{os.getpid()}"
        self._queues = None if options.queues is None else list(options.queues)
        self._connector = Connector(dsn, f"jittask {self.name}"[:63], pooler=options.pooler)
        import_modules(options.imports)
        self._clock = DatabaseClock()
        self._hub = Hub(self._clock, Lender(self._connector))
        self._wakeup = Wakeup(self._heard)
        self._hub.wake_main = self._wakeup.wake
        self._recipes = Recipes(registry, options.allow, inline=options.inline)
        self._dispatch = Dispatch(
            self._hub,
            self._recipes,
            options.concurrency,
            options.async_concurrency,
            Children(
                self._hub,
                options.child_concurrency,
                ChildOptions(
                    self._connector.dsn,
                    options.pooler,
                    options.imports,
                    options.allow,
                    options.inline,
                    options.memory_limit,
                    logs.levels(),
                ),
            ),
        )
        self._stop_asked = 0
        self._connection: Connection | None = None
        self._worker_id = 0
        self._poll_interval = 1.0
        self._batching = Batching(self._dispatch.first_size())
        self._watermark: tuple[int, int] | None = None
        self._full_look_at = 0.0
        self._warned = False
        self._isolated = True
        self._others_turn = False
        self.claimed = 0

    @property
    def stopping(self) -> frozenset[int]:
        """Occurrences here that somebody asked to end."""
        return frozenset(self._hub.stopping)

    def stop(self, step: int | None = None) -> None:
        """Have it end. A signal handler may call this.

        Args:
            step: 1 = finish what runs within the grace, 2 = at once; None = the next one.
        """
        self._stop_asked = self._stop_asked + 1 if step is None else max(self._stop_asked, step)
        self._wakeup.wake()

    def run(self) -> None:
        """Work until told to stop, or, with `drain`, until nothing is due.

        Raises:
            StateError: the session's clock is fixed.
            SchemaVersionError: the schema is missing or older than this package.
            UnavailableError: the database is away, where the options say not to wait for it.
        """
        reporter = Reporter(self._hub, self._connector)
        renewer: Renewer | None = None
        try:
            if not self._connect():
                return
            self._register()
            reporter.start()
            interval = min(self._hub.lease_duration / 3, 2.0 if self._options.pooler else 5.0)
            renewer = Renewer(
                self._hub, self._connector, self._worker_id, interval, sweeps=self._options.sweep
            )
            renewer.start()
            logger.info("worker %s claims from %s", self.name, redact(database.redacted(self._dsn)))
            self._loop()
            self._wind_up(reporter)
        finally:
            if renewer is not None:
                renewer.close()
            self._dispatch.close()
            self._hub.deadlines.close()
            self._hub.lender.close()
            if self._connection is not None:
                self._connection.close()

    def _loop(self) -> None:
        while not self._stop_asked:
            try:
                if self._work():
                    return
            except (psycopg.Error, JitTaskError) as error:
                if is_useless(error, self._connection):
                    if not self._options.reconnect:
                        raise
                    self._drop_connection()
                    if not self._connect():
                        return
                elif isinstance(error, psycopg.Error) and error.sqlstate in _BLOCKED_STATES:
                    time.sleep(0.01)
                elif isinstance(error, psycopg.Error):
                    # Rights may come back, a schema may be mended; whoever reads the log knows meanwhile.
                    said = redact(str(from_database(error)).replace("\n", "; "))
                    logger.error("the claim failed: %s", said)
                    self._wait(1.0)
                else:
                    raise

    def _work(self) -> bool:
        """Claim and sleep in turns; True where a drain is done."""
        dispatch = self._dispatch
        hot = iter(_HOT_PAUSES)
        while not self._stop_asked:
            room = self._room()
            if room <= 0:
                continue
            if self._claim(room):
                hot = iter(_HOT_PAUSES)
                continue
            if self._options.drain:
                if self._is_drained() and not self._claim(self._room()):
                    return True
                self._hub.wants_room = dispatch.load() > 0
                self._wait(0.01)
                continue
            pause = next(hot, None)
            if pause is not None:
                self._wait(pause)
                continue
            assert self._connection is not None
            next_us = statements.workers.doze(self._connection, self._worker_id, self._queues)
            if self._claim(room):
                hot = iter(_HOT_PAUSES)
                continue
            self._sleep(next_us)
        return False

    def _room(self) -> int:
        """How much may be claimed; where nothing, after a wait for some to end."""
        hub, dispatch = self._hub, self._dispatch
        self._choose()
        room = dispatch.room(isolated=self._isolated) if len(hub.results) < _UNREPORTED else 0
        if room > 0:
            # A child process that comes free makes room for what this claim leaves to others.
            hub.wants_room = not self._isolated
            return room
        hub.wants_room = True
        dispatch.threads.look_after()
        dispatch.give_back_waiting(older_than=_HOARDED_AFTER)
        if dispatch.room(isolated=self._isolated) <= 0 or len(hub.results) >= _UNREPORTED:
            self._wait(_STALLED_LOOK if dispatch.threads.waiting else 1.0)
        return 0

    def _choose(self) -> None:
        """Whether the next claim takes functions with process isolation.

        Not where none could begin; and where few could, the others have every other turn, so that few slots
        for these do not make few of those.
        """
        dispatch = self._dispatch
        isolated = dispatch.takes_isolated()
        if isolated and self._others_turn:
            isolated = dispatch.room(isolated=True) >= dispatch.room(isolated=False)
        if isolated != self._isolated:
            self._isolated = isolated
            self._watermark = None

    def _claim(self, room: int) -> bool:
        """One claim; whether it brought anything."""
        assert self._connection is not None
        limit = min(self._batching.size, room)
        sent = time.monotonic()
        if sent >= self._full_look_at:
            self._watermark = None
            self._full_look_at = sent + _FULL_LOOK_EVERY
        rows = statements.leases.claim(
            self._connection,
            self._worker_id,
            limit,
            self._queues,
            self._watermark,
            inline=self._options.inline,
            isolated=self._isolated,
        )
        self._others_turn = self._isolated and len(rows) == limit
        self._batching.came_back(limit, len(rows))
        self._watermark = (rows[-1][8], rows[-1][0]) if len(rows) == limit else None
        if rows:
            self.claimed += len(rows)
            self._dispatch.add(rows, sent)
        self._dispatch.threads.look_after()
        return bool(rows)

    def _is_drained(self) -> bool:
        return self._dispatch.load() == 0 and not self._hub.results and not self._hub.batches

    def _sleep(self, next_us: int | None) -> None:
        seconds = self._poll_interval
        if next_us is not None:
            seconds = min(seconds, (next_us - self._clock.now_us()) / 1_000_000 + 0.0002)
        if self._dispatch.threads.waiting:
            seconds = min(seconds, _STALLED_LOOK)
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        """For some seconds, or until a notification, an awaited end or a signal wakes it."""
        self._wakeup.wait(seconds, self._connection)

    def _heard(self, notification: pq.PGnotify) -> None:
        if notification.relname == b"jittask_stop" and notification.extra.isdigit() and self._hub.batches:
            self._hub.stop_run(int(notification.extra))

    def _connect(self) -> bool:
        """Open the claim's connection, as often as it takes; False when told to stop meanwhile."""
        while True:
            if self._options.reconnect:
                connection = self._connector.open_again(self._wait_or_stop, for_claims=True)
            else:
                connection = self._connector.open(for_claims=True)
            if connection is None:
                return False
            try:
                self._prepare(connection)
            except psycopg.Error as error:
                connection.close()
                if not (self._options.reconnect and is_useless(error, connection)):
                    raise from_database(error) from error
            except JitTaskError as error:
                connection.close()
                if not (self._options.reconnect and is_useless(error)):
                    raise
            else:
                self._connection = connection
                return True
            if self._wait_or_stop(0.2):
                return False

    def _prepare(self, connection: Connection) -> None:
        """Refuse what no worker can work with, learn the settings, listen."""
        check_schema(connection, self._dsn)
        fake_now, _ = statements.session.state(connection)
        if fake_now:
            raise StateError(
                f'The clock of this session is fixed: jittask.fake_now is "{fake_now}"',
                "Workers decide by the real time",
                "Take the setting out of the connection string, the role and the database",
            )
        self._poll_interval, self._hub.lease_duration = statements.workers.settings(connection)
        self._clock.compare(connection)
        if not self._options.pooler:
            if statements.session.backend_pid(connection) != connection.info.backend_pid and not self._warned:
                self._warned = True
                logger.warning("the connection leads through a pooler; in transaction mode, add --pooler")
            connection.execute("listen jittask_due")
            connection.execute("listen jittask_stop")
        # Those that arrive with the answer of a claim come here.
        connection.pgconn.notify_handler = self._heard

    def _wait_or_stop(self, seconds: float) -> bool:
        self._wait(seconds)
        return self._stop_asked > 0

    def _register(self) -> None:
        assert self._connection is not None
        try:
            self._worker_id = statements.workers.register(
                self._connection, self.name, socket.gethostname(), os.getpid(), __version__, self._queues
            )
        except psycopg.Error as error:
            raise from_database(error) from error

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._watermark = None

    def _wind_up(self, reporter: Reporter) -> None:
        """Give back what was not begun, wait for what runs, give back the rest, report."""
        dispatch = self._dispatch
        dispatch.give_back_waiting()
        until = time.monotonic() + self._options.grace
        self._hub.wants_room = True
        while self._stop_asked < 2 and dispatch.load() and time.monotonic() < until:
            dispatch.give_back_waiting()
            self._wait_quietly(min(0.05, until - time.monotonic()))
        dispatch.give_back_waiting()
        given = dispatch.give_back_running()
        if given:
            logger.info("gave back %d runs that did not end within the grace", given)
        if not reporter.close(_LAST_REPORT):
            logger.warning("some runs could not be reported: the database is away; they will be run again")
        if self._connection is not None and not self._connection.closed:
            with suppress(psycopg.Error):
                statements.workers.unregister(self._connection, self._worker_id)
        logger.info("worker %s ends", self.name)

    def _wait_quietly(self, seconds: float) -> None:
        try:
            self._wait(max(0.0, seconds))
        except psycopg.Error:
            self._drop_connection()
            threading.Event().wait(max(0.0, seconds))
