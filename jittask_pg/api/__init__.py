"""`JitTask`: define tasks, enqueue one-offs and read what ran, from Python.

A thin layer: it checks what can be checked without the database, builds the statement and says the database's
refusal in its own words. Times, plans and states are the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Self, TypeVar, cast, overload

from sqlalchemy import URL, Engine

from .. import database, handlers, migration
from ..embedded import EmbeddedServer
from ..errors import InvalidValueError
from .definitions import Definitions
from .occurrences import Occurrences
from .reading import Reading

__all__ = ["JitTask"]

F = TypeVar("F", bound=Callable[..., Any])


class JitTask(Definitions, Occurrences, Reading):
    """A scheduler in a database.

    Args:
        dsn: connection string or URL, a SQLAlchemy URL or Engine; None = the environment variable
            ``JITTASK_DSN``, looked up when it is needed.
        pooler: True behind a pooler in transaction mode: no prepared statements.
        application_name: shown in ``pg_stat_activity``.
        lock_patience: how long, in seconds, a definition is tried again while transactions of others hold the
            watched table. Each try waits a second at most, so writers never wait longer.

    Raises:
        InvalidValueError: `dsn` is none of these.

    Thread-safe; keeps a connection open for each call that runs at the same time, until `close`.

    Example:
        ::

            jt = JitTask("postgresql://app@db/shop")

            @jt.handler
            def remind(row): ...

            jt.on_date(Contract.expires_on, remind, offset=days(-3), at="09:00")
    """

    def __init__(
        self,
        dsn: str | URL | Engine | None = None,
        *,
        pooler: bool = False,
        application_name: str = "jittask",
        lock_patience: float = 30.0,
    ) -> None:
        source = dsn.render_as_string(hide_password=False) if isinstance(dsn, URL) else dsn
        if not (source is None or isinstance(source, (str, Engine))):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidValueError(
                f"dsn is of type {type(dsn).__name__}",
                None,
                "Give a connection string or an Engine of SQLAlchemy",
            )
        if isinstance(source, str):
            database.resolve_dsn(source)
        super().__init__(
            source, pooler=pooler, application_name=application_name, lock_patience=lock_patience
        )
        self._named = {}
        self._pooler = pooler
        self._server: EmbeddedServer | None = None

    @overload
    @staticmethod
    def handler(function: F, /) -> F: ...

    @overload
    @staticmethod
    def handler(*, name: str | None = None) -> Callable[[F], F]: ...

    @staticmethod
    def handler(function: F | None = None, /, *, name: str | None = None) -> F | Callable[[F], F]:
        """Register a function that tasks and one-offs may call; the function stays as it is.

        Registered for every `JitTask` of this program and for workers that import the module.

        Args:
            function: the function, when used as plain ``@jt.handler``.
            name: None = the function's own.

        Raises:
            InvalidValueError: another function has the name.
        """
        return handlers.handler(name=name) if function is None else handlers.handler(function)

    @classmethod
    def embedded(cls, directory: str | Path | None = None, *, temporary: bool = False) -> Self:
        """A scheduler in a Postgres of its own, with the schema installed; for a first try and for tests.

        Args:
            directory: where its data lives; None = a folder of the user's, or a temporary one.
            temporary: True removes the data when it stops.

        Returns:
            Started; `close`, leaving its ``with`` block, or the end of the process stops the server.

        Raises:
            MissingExtraError: the extra ``embedded`` is not installed.
        """
        server = EmbeddedServer(directory, temporary=temporary)
        try:
            made = cls(server.start())
            made.migrate()
        except BaseException:
            server.stop()
            raise
        made._server = server
        return made

    @property
    def dsn(self) -> str:
        """The connection string.

        Raises:
            InvalidValueError: there is none.
        """
        return self._own.dsn

    def migrate(self) -> None:
        """Bring the schema ``jittask`` to the version of this package; what is up to date stays as it is.

        Raises:
            RightsError: the role may not make the schema or its objects.
            LockError: another migration or a writer held a lock for too long; nothing was changed.
        """
        with database.connect(self.dsn, pooler=self._pooler) as connection:
            migration.migrate(connection)

    def worker(self, **options: Any) -> int:
        """Run workers over this database until they are told to stop; what ``jittask worker`` does.

        With one process, the default, functions registered in this program are found without imports.

        Args:
            **options: fields of `jittask_pg.worker.WorkerOptions` but ``dsns``: ``processes=4``,
                ``queues=["mail"]``, ``imports=["shop.tasks"]``, ``allow=["services"]``, ``drain=True`` …

        Returns:
            Exit code: 0, or 2 where a worker refused to start.

        Raises:
            InvalidValueError: an unknown option, or one that cannot be.

        Example:
            ``jt.worker(drain=True)`` runs what is due and returns.
        """
        # Most programs that define and enqueue never run a worker: its parts are loaded here.
        from ..worker import WorkerOptions, run_workers

        known = {field.name for field in fields(WorkerOptions)} - {"dsns"}
        for name, value in options.items():
            if name not in known:
                raise InvalidValueError(
                    f'There is no option "{name}"', None, f"The options are: {', '.join(sorted(known))}"
                )
            if name in ("queues", "imports", "allow") and value is not None:
                if isinstance(value, str):
                    raise InvalidValueError(f'{name} is "{value}"', None, f'Give a list: {name}=["{value}"]')
                options[name] = tuple(cast("Iterable[str]", value))
        given: dict[str, Any] = {"dsns": (self.dsn,), "pooler": self._pooler, **options}
        return run_workers(WorkerOptions(**given))

    def close(self) -> None:
        """Close the connections that were kept open, and stop an embedded server."""
        self._own.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
