"""A worker's connections: opened again for as long as it takes, and lent to runs."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Lock

import psycopg
from psycopg import conninfo

from .. import database, statements
from ..database import Connection
from ..errors import UnavailableError, from_database
from ..redact import redact

__all__ = ["Connector", "Lender", "is_lost", "is_useless"]

logger = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0
_SHORT_WAIT = "set lock_timeout = '100ms'"
"""Far below the server's deadlock_timeout, a second by default."""
_STRANGE_STATES = {"26000", "42P05"}
_LOST_STATES = {"25006", "53300", "57P01", "57P02", "57P03", "57P05"}


def is_lost(error: BaseException, connection: Connection | None = None) -> bool:
    """Whether an error means that the connection, or the server, is of no more use."""
    if isinstance(error, UnavailableError):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is not None:
        return state in _LOST_STATES or state.startswith("08")
    if connection is not None and (connection.closed or connection.broken):
        return True
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def is_useless(error: BaseException, connection: Connection | None = None) -> bool:
    """As `is_lost`, for connections that send none but our statements.

    A prepared one that the server does not know, or knows already, was prepared in another session, behind a
    pooler that nobody told us of.
    """
    return is_lost(error, connection) or (
        isinstance(error, psycopg.Error) and error.sqlstate in _STRANGE_STATES
    )


class Connector:
    """Opens connections to one database.

    Args:
        dsn: connection string; with several hosts, one that can be written to is looked for.
        name: application name.
        pooler: no session settings, no prepared statements.
    """

    def __init__(self, dsn: str, name: str, *, pooler: bool = False) -> None:
        text = database.resolve_dsn(dsn)
        given = conninfo.conninfo_to_dict(text)
        more: dict[str, str] = {}
        if "," in str(given.get("host", "")) and "target_session_attrs" not in given:
            more["target_session_attrs"] = "read-write"
        if "keepalives_idle" not in given:
            more |= {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}
        if not pooler:
            # Times reach functions in UTC, whatever the role's or the database's setting.
            more["options"] = f"{given.get('options', '')} -c timezone=UTC".strip()
        self.dsn = text
        self._more = more
        self.pooler = pooler
        self._name = name
        # Several threads wait for the same database; one of them says so.
        self._waits_for = ""

    def open(self, *, for_claims: bool = False, for_reports: bool = False) -> Connection:
        """One try.

        Args:
            for_claims: commits are not waited for. A claim that a crash of the server takes back was never
                finished: its finish, which is waited for, would have made it durable too. The occurrence is
                claimed again, as after any crash.
            for_reports: rows that a writer holds are not waited for long. The writer may wait for others that
                wait for what the report holds; whoever gives up first must not be the application.

        Raises:
            UnavailableError: no server that can be written to.
        """
        connection = database.connect(
            self.dsn, application_name=self._name, pooler=self.pooler, more=self._more
        )
        try:
            _, read_only = statements.session.state(connection)
            if for_claims and not self.pooler:
                connection.execute("set synchronous_commit = off")
            if for_reports and not self.pooler:
                connection.execute(_SHORT_WAIT)
        except psycopg.Error as error:
            connection.close()
            raise UnavailableError(str(from_database(error))) from None
        if read_only:
            connection.close()
            raise UnavailableError(
                "The server can only be read", None, "Name the primary in the connection string, or all hosts"
            )
        return connection

    def open_again(
        self, wait: Callable[[float], bool], *, for_claims: bool = False, for_reports: bool = False
    ) -> Connection | None:
        """Try until it works, with growing pauses.

        Args:
            wait: sleeps for some seconds; True = give up.
            for_claims: as for `open`.
            for_reports: as for `open`.

        Returns:
            None when `wait` said so.
        """
        pause = 0.1
        while True:
            try:
                connection = self.open(for_claims=for_claims, for_reports=for_reports)
            except UnavailableError as error:
                fact = redact(str(error).replace("\n", "; "))
                if fact != self._waits_for:
                    self._waits_for = fact
                    logger.warning("waiting for the database: %s", fact)
                if wait(pause * random.uniform(0.5, 1.0)):
                    return None
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if self._waits_for:
                    self._waits_for = ""
                    logger.info("the database is back")
                return connection


class Lender:
    """Connections for runs: re-reading rows, functions of the database, the context's own.

    Args:
        connector: opens them.
        prepare: done to each new one; a rehearsal sets its clock here.
    """

    def __init__(self, connector: Connector, prepare: Callable[[Connection], None] | None = None) -> None:
        self._connector = connector
        self._prepare = prepare
        self._idle: list[Connection] = []
        self._lock = Lock()

    def take(self) -> Connection:
        """A connection in autocommit mode; it must be given back or closed.

        Raises:
            UnavailableError: the server cannot be reached.
        """
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connector.open()
        if self._prepare is not None:
            self._prepare(connection)
        return connection

    def give(self, connection: Connection, *, used_by_function: bool = False) -> None:
        """Take a connection back.

        Args:
            connection: a lent one.
            used_by_function: whether a user's code had it: then whatever it left in the session goes.
        """
        try:
            if connection.closed or connection.broken:
                return
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.rollback()
            if not connection.autocommit:
                connection.autocommit = True
            if used_by_function:
                if self._connector.pooler:
                    connection.close()
                    return
                connection.execute(
                    "reset session authorization; reset all; unlisten *; close all; discard temp; "
                    "select pg_catalog.pg_advisory_unlock_all()"
                )
        except psycopg.Error:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    @contextmanager
    def lent(self) -> Generator[Connection, None, None]:
        """A connection for a while."""
        connection = self.take()
        try:
            yield connection
        finally:
            self.give(connection)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            with suppress(psycopg.Error):
                connection.close()
