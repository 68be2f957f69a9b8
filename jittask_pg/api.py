"""`JitTask`: define tasks, enqueue one-offs and read what ran, from Python.

A thin layer: it checks what can be checked without the database, builds the statement and says the database's
refusal in its own words. Times, plans and states are the database's.
"""

from __future__ import annotations

import asyncio
import random
import time as clock
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, cast, overload

from sqlalchemy import URL, Engine

from . import handlers, statements
from .conditions import filter_of
from .connections import (
    AnyAsyncConnection,
    AnyConnection,
    OwnConnections,
    Rows,
    Steps,
    awaited_or_not,
    check_sync,
    drive,
)
from .definition import (
    DateField,
    Function,
    TaskColumns,
    args_text,
    checked_columns,
    date_field_steps,
    handler_name,
    holiday_columns,
    scheduled_steps,
    whole_number,
)
from .errors import InvalidValueError, LockError
from .moments import Moment, moment_of
from .one_off import OneOffOptions, due_times, one_off_parameters
from .records import ExecutionRecord, PlannedOccurrence, SourceKey, Status, key_text, status_text
from .rules import Offset, Rule, once
from .statements import Call
from .tables import TableLike

if TYPE_CHECKING:
    from .embedded import EmbeddedServer

__all__ = ["JitTask"]

T = TypeVar("T")

Length = timedelta | Offset | str
"""A length of time: ``minutes(30)``, a timedelta, or text such as "30 minutes"."""

PointInTime = datetime | date | str
"""A datetime (aware, or wall-clock time in the task's zone), a date, or either as ISO text."""

CancelResult = Literal["cancelled", "stopping", "ended", "unknown"]
"""cancelled: it was waiting; stopping: it runs, and its worker is told; ended: it is over; unknown: no such
id."""

SkipHolidays = bool | Literal["none", "nonworking", "holidays"]
"""Which days are moved off: True or "nonworking" = any free day, "holidays" = marked ones."""

_PAGE = 1000


class JitTask:
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

    handler = staticmethod(handlers.handler)
    """Decorator that registers a function for tasks and one-offs; see `jittask_pg.handlers.handler`."""

    def __init__(
        self,
        dsn: str | URL | Engine | None = None,
        *,
        pooler: bool = False,
        application_name: str = "jittask",
        lock_patience: float = 30.0,
    ) -> None:
        if isinstance(dsn, URL):
            dsn = dsn.render_as_string(hide_password=False)
        if not (dsn is None or isinstance(dsn, (str, Engine))):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidValueError(
                f"dsn is of type {type(dsn).__name__}",
                None,
                "Give a connection string or a SQLAlchemy Engine",
            )
        self._own = OwnConnections(dsn, pooler=pooler, application_name=application_name)
        self._pooler = pooler
        self._lock_patience = lock_patience
        self._named: dict[str, object] = {}
        self._server: EmbeddedServer | None = None

    @classmethod
    def embedded(cls, directory: str | None = None) -> Self:
        """A scheduler in a Postgres of its own, started here and stopped by `close`; for a first try.

        Args:
            directory: where its data stays; None = a directory that goes with it.

        Raises:
            MissingExtraError: the extra ``embedded`` is not installed.
        """
        raise NotImplementedError

    @property
    def dsn(self) -> str:
        """The connection string.

        Raises:
            InvalidValueError: there is none.
        """
        return self._own.dsn

    def close(self) -> None:
        """Close the connections that were kept open, and stop an embedded server."""
        self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Definitions

    def schedule(
        self,
        name: str,
        function: Function | None = None,
        rule: Rule | None = None,
        *,
        start: PointInTime | None = None,
        end: PointInTime | None = None,
        timezone: str | None = None,
        calendar: str | None = None,
        skip_holidays: SkipHolidays | None = None,
        args: Mapping[str, object] | None = None,
        source: str | None = None,
        connection: AnyConnection | None = None,
        **columns: Unpack[TaskColumns],
    ) -> str:
        """Define a scheduled task: a function that runs by a rule.

        A definition is whole. The same one again changes nothing, another one changes the task; what is left
        out is back at its default. A pause stays.

        Args:
            name: unique name of the task.
            function: the function, or its name; None where `source` is given.
            rule: how often; None = once, at the start.
            start: the first occurrence lies at or after it. None = from now on by the server's clock, or as
                it stands where the task exists and the rule is the same.
            end: no occurrence after it; a date, or text with a date alone, means through that local day.
            timezone: IANA name; None = the installation's.
            calendar: name of a calendar of working days; alone it means that free days are skipped.
            skip_holidays: True or "nonworking" = any free day, "holidays" = marked ones, False or "none".
            args: keyword arguments of the function, as JSON can hold them.
            source: Python source that defines ``run``, instead of a function; runs only on workers that
                allow it.
            connection: a Session, Connection or psycopg connection: the definition commits or rolls back with
                it. None = a transaction of its own.
            **columns: see `TaskColumns`.

        Returns:
            The name.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.
            RightsError: the role may not define tasks.

        Example:
            ``jt.schedule("report", report, daily(at="09:00"), timezone="Asia/Shanghai", calendar="CN")``
        """
        given = _columns(columns, function, source, args, timezone, calendar, skip_holidays, takes_row=False)
        begins = None if start is None else moment_of(start, "start")
        ends = None if end is None else moment_of(end, "end")
        checked, task = _rule(rule, "rule"), _name(name)
        return self._define(
            lambda: scheduled_steps(task, given, checked or once(), begins, ends), connection, "schedule"
        )

    def on_date(
        self,
        column: object,
        function: Function | None = None,
        *,
        name: str | None = None,
        table: TableLike | None = None,
        offset: Length | None = None,
        at: time | str | None = None,
        where: object = None,
        repeat: Rule | None = None,
        end: object = None,
        end_offset: Length | None = None,
        end_at: time | str | None = None,
        past_due: Literal["ignore", "run_now"] = "ignore",
        timezone: str | None = None,
        calendar: str | None = None,
        skip_holidays: SkipHolidays | None = None,
        args: Mapping[str, object] | None = None,
        source: str | None = None,
        connection: AnyConnection | None = None,
        **columns: Unpack[TaskColumns],
    ) -> str:
        """Define a date-field task: a function that runs for each row of a table, by a date column of it.

        As with `schedule`, a definition is whole, and the same one again changes nothing. Defining it takes a
        lock on the table that lets readers pass and waits a second at most; while other transactions are in
        the way, it is tried again for `lock_patience` seconds, unless `connection` is given.

        Args:
            column: the date column: a mapped attribute, a SQLAlchemy column, or "table.column".
            function: the function, called with the row first; or its name; None where `source` is given.
            name: unique name of the task; None = made of table, column, function and offset.
            table: the table, where `column` is a bare name.
            offset: signed distance from the date: ``days(-3)`` is three days before.
            at: wall-clock time on that day, "09:00"; needs an offset of whole days. None = the time of the
                field; for a date, 00:00.
            where: condition on the row: SQLAlchemy's, or the filter as a dict. See `conditions.filter_of`.
            repeat: how it repeats from the first due time of the row on: ``weekly()``; None = once.
            end: where that ends: another date column of the row, or a point in time; a date means through
                that local day.
            end_offset: signed distance from the end column.
            end_at: wall-clock time on the end day; None = the time of the field, for a date the whole day.
            past_due: a row written when its due time is past: "ignore", or "run_now".
            timezone: IANA name; None = the installation's.
            calendar: as for `schedule`.
            skip_holidays: as for `schedule`.
            args: keyword arguments of the function, after the row.
            source: Python source that defines ``run(row)``, instead of a function.
            connection: as for `schedule`.
            **columns: see `TaskColumns`.

        Returns:
            The name.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.
            WatchError: the table cannot be watched.
            RightsError: a right is missing; the way out is the GRANT.
            LockError: transactions of others held the table all the time.

        Example:
            ``jt.on_date(Contract.expires_on, remind, offset=days(-3), where=Contract.status == "active")``
        """
        field = DateField.of(
            column, table=table, offset=offset, at=at, end=end, end_offset=end_offset, end_at=end_at
        )
        given = _columns(columns, function, source, args, timezone, calendar, skip_holidays, takes_row=True)
        if past_due not in ("ignore", "run_now"):
            raise InvalidValueError(f'past_due is "{past_due}"', None, "Give ignore or run_now")
        given["past_due"] = past_due
        checked = _rule(repeat, "repeat")
        task = field.default_name(str(given["handler"] or "source")) if name is None else _name(name)
        condition = filter_of(where, str(field.column.table))
        if name is None:
            self._claim_name(task, (field, condition, checked, given))
        return self._define(
            lambda: date_field_steps(task, given, field, checked, condition), connection, "on_date"
        )

    def remove(self, name: str, *, connection: AnyConnection | None = None) -> bool:
        """Delete a task. What runs goes on, nothing follows; its records stay.

        Returns:
            Whether there was one.
        """
        return bool(self._rows(statements.remove_task(_name(name)), connection, "remove"))

    def pause(self, name: str, *, connection: AnyConnection | None = None) -> None:
        """Switch a task off: what is planned goes, what runs goes on.

        Raises:
            NotFoundError: there is no such task.
        """
        self._rows(statements.pause(_name(name)), connection, "pause")

    def resume(self, name: str, *, connection: AnyConnection | None = None) -> None:
        """Switch a task on again; it is planned from now on and has missed nothing.

        Raises:
            NotFoundError: there is no such task.
        """
        self._rows(statements.resume(_name(name)), connection, "resume")

    # One-offs and single occurrences

    @overload
    def enqueue(
        self,
        function: Function,
        /,
        *,
        connection: AnyAsyncConnection,
        dedupe_key: str | None = None,
        args: Mapping[str, object] | None = None,
        delay: Length | None = None,
        due_at: PointInTime | None = None,
        queue: str = "default",
        priority: int = 100,
        timeout: Length | None = None,
        max_attempts: int = 1,
        retry_delay: Length = "10 seconds",
        title: str | None = None,
        **arguments: object,
    ) -> Awaitable[int]: ...

    @overload
    def enqueue(
        self,
        function: Function,
        /,
        *,
        connection: AnyConnection | None = None,
        dedupe_key: str | None = None,
        args: Mapping[str, object] | None = None,
        delay: Length | None = None,
        due_at: PointInTime | None = None,
        queue: str = "default",
        priority: int = 100,
        timeout: Length | None = None,
        max_attempts: int = 1,
        retry_delay: Length = "10 seconds",
        title: str | None = None,
        **arguments: object,
    ) -> int: ...

    def enqueue(
        self,
        function: Function,
        /,
        *,
        connection: AnyConnection | AnyAsyncConnection | None = None,
        dedupe_key: str | None = None,
        args: Mapping[str, object] | None = None,
        delay: Length | None = None,
        due_at: PointInTime | None = None,
        queue: str = "default",
        priority: int = 100,
        timeout: Length | None = None,
        max_attempts: int = 1,
        retry_delay: Length = "10 seconds",
        title: str | None = None,
        **arguments: object,
    ) -> int | Awaitable[int]:
        """Enqueue a one-off: one call of a function, now or later.

        Args:
            function: the function, or its name.
            connection: a Session, AsyncSession, Connection, AsyncConnection or psycopg connection: the one-off
                commits or rolls back with it, and with one of asyncio the call is awaited. None = at once, in
                a transaction of its own.
            dedupe_key: unique among unfinished occurrences, running ones included: a repeat changes nothing
                and returns the id of the one there is.
            args: keyword arguments of the function, for names that the options here have taken.
            delay: elapsed time from now, by the server's clock; not together with `due_at`.
            due_at: when to run: an instant, or wall-clock time in the installation's zone; a past one = now.
            queue: routing.
            priority: smaller runs first.
            timeout: longest run; None = no limit.
            max_attempts: tries that errors and timeouts may use up.
            retry_delay: wait before the second try; doubles with jitter.
            title: for people.
            **arguments: keyword arguments of the function, as JSON can hold them.

        Returns:
            The occurrence id; to be awaited where `connection` is one of asyncio.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.

        Example:
            ``jt.enqueue(check_and_cancel, order_id=7, delay="30 minutes", connection=session)``
        """
        both = _merged(args, arguments)
        parameters = one_off_parameters(
            handler_name(function, both, takes_row=False),
            {
                "delay": delay,
                "due_at": due_at,
                "queue": queue,
                "priority": priority,
                "timeout": timeout,
                "max_attempts": max_attempts,
                "retry_delay": retry_delay,
                "title": title,
            },
        )
        call = statements.enqueue({**parameters, "args": args_text(both), "dedupe_key": dedupe_key})
        return self._one(_number(call), connection)

    @overload
    def enqueue_many(
        self,
        function: Function,
        args: Iterable[Mapping[str, object]],
        *,
        connection: AnyAsyncConnection,
        each_due_at: Sequence[datetime] | None = None,
        **options: Unpack[OneOffOptions],
    ) -> Awaitable[list[int]]: ...

    @overload
    def enqueue_many(
        self,
        function: Function,
        args: Iterable[Mapping[str, object]],
        *,
        connection: AnyConnection | None = None,
        each_due_at: Sequence[datetime] | None = None,
        **options: Unpack[OneOffOptions],
    ) -> list[int]: ...

    def enqueue_many(
        self,
        function: Function,
        args: Iterable[Mapping[str, object]],
        *,
        connection: AnyConnection | AnyAsyncConnection | None = None,
        each_due_at: Sequence[datetime] | None = None,
        **options: Unpack[OneOffOptions],
    ) -> list[int] | Awaitable[list[int]]:
        """Enqueue many one-offs of one function in one statement.

        Args:
            function: the function, or its name.
            args: the keyword arguments of each.
            connection: as for `enqueue`.
            each_due_at: the due time of each, as aware datetimes; None = one for all, by the options.
            **options: see `OneOffOptions`.

        Returns:
            The occurrence ids, in the order of `args`; to be awaited where `connection` is one of asyncio.

        Raises:
            InvalidValueError: a value that cannot be; it names the field. Nothing was written.

        Example:
            ``jt.enqueue_many(send_mail, [{"user_id": 1}, {"user_id": 2}], delay="1 hour")``
        """
        unknown = set(options) - set(OneOffOptions.__annotations__)
        if unknown:
            raise InvalidValueError(
                f'There is no option "{min(unknown)}"',
                None,
                f"The options are: {', '.join(sorted(OneOffOptions.__annotations__))}",
            )
        members = list(args)
        first = members[0] if members else None
        handler = handler_name(function, first, takes_row=False)
        texts = [args_text(one, f"args[{index}]") for index, one in enumerate(members)]
        parameters = one_off_parameters(handler, cast("Mapping[str, object]", options))
        call = statements.enqueue_many(parameters, texts, due_times(each_due_at, len(texts)))
        return self._one(_numbers(call), connection)

    @overload
    def cancel(self, occurrence_id: int, *, connection: AnyAsyncConnection) -> Awaitable[CancelResult]: ...

    @overload
    def cancel(self, occurrence_id: int, *, connection: AnyConnection | None = None) -> CancelResult: ...

    def cancel(
        self, occurrence_id: int, *, connection: AnyConnection | AnyAsyncConnection | None = None
    ) -> CancelResult | Awaitable[CancelResult]:
        """Call off one occurrence, waiting or running.

        Args:
            occurrence_id: as `enqueue`, `run_now` or a record gave it.
            connection: as for `enqueue`.

        Returns:
            See `CancelResult`.

        Raises:
            RightsError: it was enqueued by another role, and this one may not manage it.
        """
        call = statements.cancel(_occurrence(occurrence_id))
        return self._one(cast("Steps[CancelResult]", _value(call)), connection)

    @overload
    def retry(self, occurrence_id: int, *, connection: AnyAsyncConnection) -> Awaitable[int]: ...

    @overload
    def retry(self, occurrence_id: int, *, connection: AnyConnection | None = None) -> int: ...

    def retry(
        self, occurrence_id: int, *, connection: AnyConnection | AnyAsyncConnection | None = None
    ) -> int | Awaitable[int]:
        """Run an occurrence that has ended once more, now.

        Returns:
            The id of the new occurrence.

        Raises:
            NotFoundError: there is none with this id.
            StateError: it has not ended, or is planned or retried already.
        """
        return self._one(_number(statements.retry(_occurrence(occurrence_id))), connection)

    @overload
    def run_now(
        self, name: str, source_key: SourceKey | None = None, *, connection: AnyAsyncConnection
    ) -> Awaitable[int]: ...

    @overload
    def run_now(
        self, name: str, source_key: SourceKey | None = None, *, connection: AnyConnection | None = None
    ) -> int: ...

    def run_now(
        self,
        name: str,
        source_key: SourceKey | None = None,
        *,
        connection: AnyConnection | AnyAsyncConnection | None = None,
    ) -> int | Awaitable[int]:
        """Run a task once, now; its plan and its count stay as they are.

        Args:
            name: the task.
            source_key: for a date-field task, the key of the row: ``{"id": 7}``, or 7 where the key is one
                column.
            connection: as for `enqueue`.

        Returns:
            The occurrence id.

        Raises:
            NotFoundError: there is no such task.
            InvalidValueError: the key is missing, or does not fit the table.
        """
        return self._one(_number(statements.run_now(_name(name), key_text(source_key))), connection)

    # Reading

    def preview(
        self,
        name: str,
        count: int = 10,
        source_key: SourceKey | None = None,
        *,
        connection: AnyConnection | None = None,
    ) -> list[PlannedOccurrence]:
        """The coming occurrences of a task.

        Args:
            name: the task.
            count: how many at most.
            source_key: for a date-field task, the key of one row; None = the earliest over all rows.
            connection: as for `schedule`.

        Raises:
            NotFoundError: there is no such task.
        """
        call = statements.preview(
            _name(name), whole_number("count", count, 0, 1_000_000), key_text(source_key)
        )
        return [PlannedOccurrence.from_row(row) for row in self._rows(call, connection, "preview")]

    def explain(
        self, name: str, source_key: SourceKey | None = None, *, connection: AnyConnection | None = None
    ) -> str:
        """When a task will run next and why, or why it never will, in words.

        Raises:
            NotFoundError: there is no such task.
        """
        rows = self._rows(statements.explain(_name(name), key_text(source_key)), connection, "explain")
        return str(rows[0][0])

    def records(
        self,
        name: str | None = None,
        *,
        status: Status | Iterable[Status] | None = None,
        since: PointInTime | None = None,
        until: PointInTime | None = None,
        kind: Literal["scheduled", "date_field", "one_off"] | None = None,
        source_key: SourceKey | None = None,
        occurrence_id: int | None = None,
        limit: int | None = None,
        newest_first: bool = True,
        connection: AnyConnection | None = None,
    ) -> Iterator[ExecutionRecord]:
        """Execution records by due time: what is planned, runs and has ended.

        Fetched page by page while they are read, so that any number of them may be gone through.

        Args:
            name: of one task.
            status: one status word, or several.
            since: due at or after it; without an offset in the installation's zone.
            until: due before it; a date means through that local day.
            kind: scheduled, date_field or one_off.
            source_key: for one task, the key of a row: ``{"id": 7}``.
            occurrence_id: one occurrence.
            limit: how many at most; None = all.
            newest_first: the latest due first, else the earliest.
            connection: as for `schedule`.

        Raises:
            InvalidValueError: a value that cannot be; it names the field.

        Example:
            ``for record in jt.records("sales_report", status="error", since="2026-03-01"): ...``
        """
        if source_key is not None and not isinstance(source_key, dict):
            raise InvalidValueError(
                f'source_key is "{source_key!r}"', None, 'Give the columns of the key: {"id": 7}'
            )
        if kind not in (None, "scheduled", "date_field", "one_off"):
            raise InvalidValueError(f'kind is "{kind}"', None, "Give scheduled, date_field or one_off")
        filters: dict[str, object] = {
            "occurrence_id": None if occurrence_id is None else _occurrence(occurrence_id),
            "task_name": None if name is None else _name(name),
            "kind": kind,
            "status": status_text(status),
            "source_key": key_text(cast("SourceKey | None", source_key)),
            "since": self._instant(since, "since", connection),
            "until": self._instant(until, "until", connection),
        }
        left = None if limit is None else whole_number("limit", limit, 0, 2_147_483_647)
        return self._pages(filters, left, newest_first, connection)

    # The rest of the package, for programs that start from here

    def migrate(self) -> None:
        """Bring the schema ``jittask`` to the version of this package; what is up to date stays as it is.

        Raises:
            RightsError: the role may not make the schema or its objects.
        """
        raise NotImplementedError

    def worker(self, **options: Any) -> Any:
        """A worker over this database, as `jittask_pg.worker.Worker` makes it."""
        raise NotImplementedError

    # Twins for asyncio, for calls without a connection: they do not hold up the event loop

    async def enqueue_async(
        self, function: Function, /, *, connection: AnyAsyncConnection | None = None, **options: Any
    ) -> int:
        """`enqueue` for asyncio, with or without a connection."""
        if connection is not None:
            return await self.enqueue(function, connection=connection, **options)
        return await asyncio.to_thread(self.enqueue, function, **options)

    async def enqueue_many_async(
        self,
        function: Function,
        args: Iterable[Mapping[str, object]],
        *,
        connection: AnyAsyncConnection | None = None,
        each_due_at: Sequence[datetime] | None = None,
        **options: Unpack[OneOffOptions],
    ) -> list[int]:
        """`enqueue_many` for asyncio, with or without a connection."""
        if connection is not None:
            return await self.enqueue_many(
                function, args, connection=connection, each_due_at=each_due_at, **options
            )
        return await asyncio.to_thread(self.enqueue_many, function, args, each_due_at=each_due_at, **options)

    async def cancel_async(
        self, occurrence_id: int, *, connection: AnyAsyncConnection | None = None
    ) -> CancelResult:
        """`cancel` for asyncio, with or without a connection."""
        if connection is not None:
            return await self.cancel(occurrence_id, connection=connection)
        return await asyncio.to_thread(self.cancel, occurrence_id)

    # Inside

    def _define(
        self, make: Callable[[], Steps[str]], connection: AnyConnection | None, operation: str
    ) -> str:
        if connection is not None:
            check_sync(connection, operation)
            return drive(connection, make())
        give_up_at = clock.monotonic() + self._lock_patience
        while True:
            try:
                return self._own.run(make())
            except LockError:
                # The database waited for the lock and named who holds it; let writers pass, then try again.
                if clock.monotonic() >= give_up_at:
                    raise
                clock.sleep(random.uniform(0.1, 0.5))

    def _claim_name(self, name: str, definition: object) -> None:
        known = self._named.setdefault(name, definition)
        if known != definition:
            raise InvalidValueError(
                f'Two date-field tasks would both be called "{name}"',
                "The name is made of table, column, function and offset, and they differ in something else",
                "Give each a name of its own with name=",
            )

    def _rows(self, call: Call, connection: AnyConnection | None, operation: str) -> Rows:
        if connection is None:
            return self._own.run(_all(call))
        check_sync(connection, operation)
        return drive(connection, _all(call))

    def _one(
        self, steps: Steps[T], connection: AnyConnection | AnyAsyncConnection | None
    ) -> T | Awaitable[T]:
        return self._own.run(steps) if connection is None else awaited_or_not(connection, steps)

    def _instant(self, value: PointInTime | None, field: str, connection: AnyConnection | None) -> str | None:
        if value is None:
            return None
        moment = moment_of(value, field)
        if moment.instant is not None:
            return moment.instant
        if field == "until" and moment.whole_day is not None and moment.whole_day < date.max:
            midnight = datetime.combine(moment.whole_day + timedelta(days=1), time())
            moment = Moment(local=midnight.isoformat())
        rows = self._rows(statements.instants([str(moment.local)], None), connection, "records")
        return str(rows[0][0])

    def _pages(
        self,
        filters: dict[str, object],
        left: int | None,
        newest_first: bool,
        connection: AnyConnection | None,
    ) -> Iterator[ExecutionRecord]:
        place = "before" if newest_first else "after"
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            call = statements.records(filters, size, newest_first=newest_first)
            page = [ExecutionRecord.from_row(row) for row in self._rows(call, connection, "records")]
            yield from page
            if len(page) < size:
                return
            left = None if left is None else left - len(page)
            filters = {
                **filters,
                place: page[-1].due_at.isoformat(),
                f"{place}_id": page[-1].occurrence_id,
            }


def _columns(
    columns: object,
    function: Function | None,
    source: str | None,
    args: Mapping[str, object] | None,
    timezone: str | None,
    calendar: str | None,
    skip_holidays: SkipHolidays | None,
    *,
    takes_row: bool,
) -> dict[str, object]:
    given = checked_columns(cast("Mapping[str, object]", columns))
    if (function is None) == (source is None):
        raise InvalidValueError(
            "function and source are both given" if source else "function is missing",
            None,
            "Give the function or its name, or the Python text of one as source=",
        )
    return {
        **given,
        **holiday_columns(calendar, skip_holidays, given.get("holiday_policy")),
        "handler": None if function is None else handler_name(function, args or {}, takes_row=takes_row),
        "source": source,
        "args": args_text(args),
        "timezone": timezone,
    }


def _rule(rule: object, field: str) -> Rule | None:
    if rule is None or isinstance(rule, Rule):
        return rule
    raise InvalidValueError(
        f'{field} is "{rule!r}", which is no rule',
        None,
        'Give daily(at="09:00"), every(minutes=30), cron("0 9 * * mon-fri") or the like',
    )


def _name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or name != name.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValueError(f'name is "{name}"', None, "Give text without blanks around it")
    return name


def _occurrence(occurrence_id: int) -> int:
    return whole_number("occurrence_id", occurrence_id, 1, 2**63 - 1)


def _merged(args: Mapping[str, object] | None, arguments: Mapping[str, object]) -> dict[str, object]:
    args_text(args)
    twice = sorted(set(args or {}) & set(arguments))
    if twice:
        raise InvalidValueError(
            f'"{twice[0]}" is given twice', "By name and in args", "Give each argument once"
        )
    return {**(args or {}), **arguments}


def _all(call: Call) -> Steps[Rows]:
    return (yield call)


def _value(call: Call) -> Steps[Any]:
    rows = yield call
    return rows[0][0]


def _number(call: Call) -> Steps[int]:
    return int((yield from _value(call)))


def _numbers(call: Call) -> Steps[list[int]]:
    rows = yield call
    return [int(row[0]) for row in rows]
