"""Whose connection a statement runs on: the caller's, in its transaction, or one of our own.

A connection that a caller hands in is only ever executed on. It is not committed, not rolled back and not
tried again: the transaction is the caller's, and what follows from a failure in it the caller decides.
"""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from . import database
from .errors import DatabaseError, InvalidValueError, JitTaskError, UnavailableError, from_database
from .statements.call import Call

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session

__all__ = [
    "AnyAsyncConnection",
    "AnyConnection",
    "OwnConnections",
    "Rows",
    "Steps",
    "awaited_or_not",
    "check_sync",
    "drive",
    "drive_async",
    "is_async",
]

AnyConnection: TypeAlias = "Session | scoped_session[Any] | Connection | psycopg.Connection[Any]"
"""What `connection=` takes in ordinary code."""

AnyAsyncConnection: TypeAlias = (
    "AsyncSession | async_scoped_session[Any] | AsyncConnection | psycopg.AsyncConnection[Any]"
)
"""What `connection=` takes in asyncio code; the call is then awaited."""

Rows = list[tuple[Any, ...]]
"""Rows of an answer."""

T = TypeVar("T")

Steps = Generator[Call, Rows, T]
"""An operation: it yields statements, is sent their rows, and returns its result. The same steps serve
ordinary and asyncio connections."""

_WAY_OUT = (
    "Pass a SQLAlchemy Session, AsyncSession, Connection or AsyncConnection, or a psycopg Connection or "
    "AsyncConnection"
)


def drive(connection: AnyConnection, steps: Steps[T]) -> T:
    """Execute the statements of `steps` on the caller's connection and return its result.

    Raises:
        InvalidValueError: `connection` is none.
        JitTaskError: what the database refuses.
    """
    try:
        call = next(steps)
        while True:
            call = steps.send(_execute(connection, call))
    except StopIteration as done:
        return cast("T", done.value)


async def drive_async(connection: AnyAsyncConnection, steps: Steps[T]) -> T:
    """`drive` for asyncio."""
    try:
        call = next(steps)
        while True:
            call = steps.send(await _execute_async(connection, call))
    except StopIteration as done:
        return cast("T", done.value)


def awaited_or_not(
    connection: AnyConnection | AnyAsyncConnection, steps: Steps[T]
) -> T | Coroutine[Any, Any, T]:
    """`drive` or `drive_async`, as the connection asks for: the result, or what has to be awaited for it."""
    if is_async(connection):
        return drive_async(cast("AnyAsyncConnection", connection), steps)
    return drive(cast("AnyConnection", connection), steps)


def is_async(connection: object) -> bool:
    """Whether statements on it must be awaited."""
    return isinstance(connection, (psycopg.AsyncConnection, *_asyncio_classes()))


def check_sync(connection: object, operation: str) -> None:
    """Refuse a connection of asyncio where only an ordinary one will do.

    Raises:
        InvalidValueError: it is one.
    """
    if is_async(connection):
        raise InvalidValueError(
            f"{operation} does not take an asyncio connection",
            type(connection).__name__,
            f"Write: await session.run_sync(lambda plain: jt.{operation}(…, connection=plain))",
        )


class OwnConnections:
    """Connections of our own: those of a SQLAlchemy engine, or some kept open to a connection string.

    Args:
        source: connection string (None = the environment variable ``JITTASK_DSN``) or engine.
        pooler: True behind a pooler in transaction mode: no prepared statements.
        application_name: shown in ``pg_stat_activity``.
    """

    def __init__(
        self, source: str | Engine | None, *, pooler: bool = False, application_name: str = "jittask"
    ) -> None:
        self._source = source
        self._pooler = pooler
        self._application_name = application_name
        self._idle: list[database.Connection] = []
        self._process = os.getpid()
        self._lock = Lock()

    @property
    def dsn(self) -> str:
        """The connection string, for what needs connections of another kind.

        Raises:
            InvalidValueError: there is none.
        """
        if isinstance(self._source, Engine):
            return database.resolve_dsn(self._source.url.render_as_string(hide_password=False))
        return database.resolve_dsn(self._source)

    def run(self, steps: Steps[T], *, atomic: bool = True) -> T:
        """Execute `steps` in a transaction of its own and commit it.

        Args:
            steps: the operation.
            atomic: False where it is one statement, which needs no BEGIN and COMMIT around it.
        """
        with self._connection(atomic=atomic) as connection:
            return drive(connection, steps)

    def close(self) -> None:
        """Close the connections that are kept open. An engine is the caller's and stays as it is."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self, *, atomic: bool) -> Generator[AnyConnection]:
        if isinstance(self._source, Engine):
            with _translated_from_sqlalchemy(), self._source.begin() as connection:
                yield connection
            return
        own = self._taken()
        try:
            with _translated_from_psycopg(), own.transaction() if atomic else nullcontext():
                yield own
        finally:
            if own.closed or own.broken:
                own.close()
            else:
                with self._lock:
                    self._idle.append(own)

    def _taken(self) -> database.Connection:
        with self._lock:
            if self._process != os.getpid():
                # After a fork the sockets belong to the parent; forgetting them leaves them alone.
                self._idle, self._process = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if _is_usable(connection):
                    return connection
                connection.close()
        return database.connect(
            None if self._source is None else str(self._source),
            application_name=self._application_name,
            pooler=self._pooler,
        )


def _is_usable(connection: database.Connection) -> bool:
    if connection.closed:
        return False
    # On an idle connection something to read is the server's good-bye, or a notice that nobody waits for.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _check_texts(call: Call) -> None:
    # The drivers refuse these too, each in its own way and none with the name of the field.
    for field, value in call.parameters.items():
        texts = cast("Iterable[object]", value if isinstance(value, (list, tuple)) else (value,))
        for part in texts:
            if isinstance(part, str) and _UNSTORABLE.search(part):
                shown = _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", part[:80])
                raise InvalidValueError(
                    f'{field} is "{shown}", which holds a character that Postgres cannot store',
                    None,
                    "Take out NUL and lone surrogates",
                )


def _execute(connection: AnyConnection, call: Call) -> Rows:
    _check_texts(call)
    if isinstance(connection, psycopg.Connection):
        with _translated_from_psycopg(), connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(call.sql, call.parameters)
            return cursor.fetchall() if cursor.description else []
    if isinstance(connection, (Session, scoped_session)):
        with _translated_from_sqlalchemy():
            return _fetched(connection.connection(), call)
    if isinstance(connection, Connection):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        with _translated_from_sqlalchemy():
            return _fetched(connection, call)
    raise _refusal(connection)


async def _execute_async(connection: AnyAsyncConnection, call: Call) -> Rows:
    _check_texts(call)
    if isinstance(connection, psycopg.AsyncConnection):
        with _translated_from_psycopg():
            async with connection.cursor(row_factory=tuple_row) as cursor:
                await cursor.execute(call.sql, call.parameters)
                return await cursor.fetchall() if cursor.description else []
    from sqlalchemy.ext.asyncio import AsyncConnection

    with _translated_from_sqlalchemy():
        inner = connection if isinstance(connection, AsyncConnection) else await connection.connection()
        return await inner.run_sync(_fetched, call)


def _fetched(connection: Connection, call: Call) -> Rows:
    result = connection.execute(_text_clause(call.sql), dict(call.parameters))
    return [tuple(row) for row in result.all()] if result.returns_rows else []


@lru_cache(maxsize=256)
def _text_clause(sql: str) -> TextClause:
    # SQLAlchemy's spelling of parameters, which every driver's dialect understands.
    return text(re.sub(r"%\((\w+)\)s", r":\1", sql).replace("%%", "%"))


def _asyncio_classes() -> tuple[type, ...]:
    # Whoever holds an AsyncSession has imported the module; nobody else should pay for it.
    module = sys.modules.get("sqlalchemy.ext.asyncio")
    if module is None:
        return ()
    return (module.AsyncSession, module.AsyncConnection, module.async_scoped_session)


def _refusal(connection: object) -> InvalidValueError:
    if is_async(connection):
        return InvalidValueError(
            f"connection is an {type(connection).__name__}, which has to be awaited",
            None,
            "Write: await jt.…",
        )
    return InvalidValueError(f"connection is of type {type(connection).__name__}", None, _WAY_OUT)


@contextmanager
def _translated_from_psycopg() -> Generator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise from_database(error) from error


@contextmanager
def _translated_from_sqlalchemy() -> Generator[None]:
    """Within it, errors of SQLAlchemy and of the driver below it leave as errors of this package."""
    try:
        yield
    except DBAPIError as error:
        raise _from_driver(cast("object", error.orig), error) from error
    except SQLAlchemyError as error:
        raise DatabaseError(str(error).splitlines()[0], None, None) from error


def _from_driver(original: object, wrapped: DBAPIError) -> JitTaskError:
    if isinstance(original, psycopg.Error):
        return from_database(original)
    # Other drivers than psycopg tell the SQLSTATE in an attribute of their own.
    lines = str(original).strip().splitlines() or [str(wrapped)]
    fact = re.sub(r"^<class '[^']*'>: ", "", lines[0])
    details = {
        name.strip(): rest.strip() for name, mark, rest in (line.partition(":") for line in lines[1:]) if mark
    }
    state = next(
        (
            found
            for name in ("sqlstate", "pgcode")
            if isinstance(found := cast("object", getattr(original, name, None)), str)
        ),
        None,
    )
    kind = _class_of(state, wrapped)
    built = kind(fact, details.get("DETAIL"), details.get("HINT"))
    built.sqlstate = state or built.sqlstate
    return built


def _class_of(state: str | None, wrapped: DBAPIError) -> type[JitTaskError]:
    if wrapped.connection_invalidated or (state or "").startswith(("08", "57P")):
        return UnavailableError
    own: Mapping[str | None, type[JitTaskError]] = {
        kind.sqlstate: kind for kind in JitTaskError.__subclasses__() if kind.sqlstate
    }
    return own.get(state, InvalidValueError if (state or "").startswith(("22", "23")) else DatabaseError)
