"""What every command shares: the options that name the database, and the connection behind them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from .. import statements
from ..connections import Rows, Steps, drive
from ..database import DSN_VARIABLE, Connection, connect
from ..errors import RightsError, translated
from ..migration import check_schema
from ..patience import patiently
from ..statements.call import Call

__all__ = ["Session", "database_options", "json_option", "with_session"]

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE = 60.0


class Session:
    """One run of a command: how it answers, and its connection, which is opened when first used."""

    def __init__(self, dsn: str | None, *, as_json: bool) -> None:
        self.dsn = dsn
        self.as_json = as_json
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """A connection to a database whose schema this package can work with."""
        if self._connection is None:
            connection = self.plain_connection()
            check_schema(connection, self.dsn)
        assert self._connection is not None
        return self._connection

    def plain_connection(self) -> Connection:
        """The connection, whatever schema the database has."""
        if self._connection is None:
            self._connection = connect(self.dsn, application_name="jittask command")
        return self._connection

    def run(self, call: Call) -> Rows:
        """Execute one statement."""

        def steps() -> Steps[Rows]:
            return (yield call)

        return self.steps(steps())

    def steps(self, steps: Steps[T]) -> T:
        """Execute an operation of several statements."""
        return drive(self.connection, steps)

    @contextmanager
    def transaction(self, *, undo: bool = False) -> Generator[None, None, None]:
        """Within it, statements take effect together; with `undo` none does, whatever they answered."""
        with translated(), self.connection.transaction(force_rollback=undo):
            yield

    def patiently(self, operation: Callable[[], T]) -> T:
        """Try again while a table is locked by others; the operation is one transaction."""
        return patiently(operation, _PATIENCE, functools.partial(click.echo, err=True))

    def local(
        self, instants: Sequence[datetime | None], tasks: Sequence[str | None] | None = None
    ) -> list[datetime | None]:
        """The instants with the offset that the server knows for the zone of their task.

        Args:
            instants: None stays None.
            tasks: name of a task for each; None = the installation's zone.
        """
        names = [None] * len(instants) if tasks is None else list(tasks)
        pairs = [
            (instant.isoformat(), name) for instant, name in zip(instants, names, strict=True) if instant
        ]
        try:
            rows = iter(self.run(statements.times.local_times(pairs)) if pairs else [])
        except RightsError:
            # Zones of tasks are not for every role; then the session's own zone has to do.
            return list(instants)
        return [None if instant is None else _with_offset(next(rows), instant) for instant in instants]

    def localise(
        self,
        rows: Sequence[dict[str, Any]],
        columns: Sequence[str],
        *,
        task: str | None = None,
        task_column: str | None = None,
    ) -> None:
        """Put local instants (see `local`) in place of those in `columns`.

        Args:
            rows: values by name.
            columns: names of instants.
            task: the task of all rows.
            task_column: name of the value that names each row's task.
        """
        tasks = [task if task_column is None else row[task_column] for row in rows]
        for column in columns:
            for row, instant in zip(rows, self.local([row[column] for row in rows], tasks), strict=True):
                row[column] = instant

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def database_options(command: Callable[P, T]) -> Callable[P, T]:
    """Adds ``--dsn``, for commands that make their own connections."""
    return click.option(
        "--dsn",
        envvar=DSN_VARIABLE,
        metavar="DSN",
        help=f"Connection string, postgresql://user@host/database; default: ${DSN_VARIABLE}.",
    )(command)


def json_option(command: Callable[P, T]) -> Callable[P, T]:
    """Adds ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")(command)


def with_session(command: Callable[Concatenate[Session, P], T]) -> Callable[..., T]:
    """Adds the options, and calls the command with a `Session` that is closed afterwards."""

    @functools.wraps(command)
    def wrapper(*args: Any, dsn: str | None, as_json: bool, **kwargs: Any) -> T:
        session = Session(dsn, as_json=as_json)
        try:
            return command(session, *args, **kwargs)
        finally:
            session.close()

    return database_options(json_option(wrapper))


def _with_offset(row: tuple[Any, ...], instant: datetime) -> datetime:
    local, offset, _ = row
    try:
        return datetime.fromisoformat(local).replace(tzinfo=timezone(timedelta(seconds=offset)))
    except ValueError:
        # Python has no year 10000, which begins early in the east.
        return instant
