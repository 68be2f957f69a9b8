"""One-offs and single occurrences: the second part of `JitTask`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Unpack, cast, overload

from .. import statements
from ..connections import AnyAsyncConnection, AnyConnection, Steps
from ..errors import InvalidValueError
from ..statements.call import Call
from .base import Base, Length, PointInTime, task_name
from .function import Function, args_text, handler_name
from .one_off import OneOffOptions, due_times, one_off_parameters
from .records import SourceKey, key_text, occurrence_number

__all__ = ["CancelResult", "Occurrences"]

CancelResult = Literal["cancelled", "stopping", "ended", "unknown"]
"""cancelled: it was waiting; stopping: it runs, and its worker is told; ended: it is over; unknown: no such
id."""


class Occurrences(Base):
    """Enqueues one-offs; cancels, retries and starts single occurrences."""

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
            connection: a Session, AsyncSession, Connection, AsyncConnection or psycopg connection: the
                one-off commits or rolls back with it, and with one of asyncio the call is awaited. None = at
                once, in a transaction of its own.
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
        if dedupe_key is not None and not isinstance(dedupe_key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidValueError(f'dedupe_key is "{dedupe_key!r}"', None, "Give text")
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
        call = statements.occurrences.enqueue(
            {**parameters, "args": args_text(both), "dedupe_key": dedupe_key}
        )
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
        if not isinstance(args, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
            raise InvalidValueError(f'args is "{args!r}"', None, 'Give a list of mappings: [{"user_id": 1}]')
        members = list(args)
        texts = [args_text(one, f"args[{index}]") for index, one in enumerate(members)]
        handler = handler_name(function, members[0] if members else None, takes_row=False)
        parameters = one_off_parameters(handler, cast("Mapping[str, object]", options))
        call = statements.occurrences.enqueue_many(parameters, texts, due_times(each_due_at, len(texts)))
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
        call = statements.occurrences.cancel(occurrence_number(occurrence_id))
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
        return self._one(_number(statements.occurrences.retry(occurrence_number(occurrence_id))), connection)

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
        return self._one(
            _number(statements.occurrences.run_now(task_name(name), key_text(source_key))), connection
        )

    # Twins for asyncio, for calls without a connection too: they do not hold up the event loop

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


def _merged(args: Mapping[str, object] | None, arguments: Mapping[str, object]) -> dict[str, object]:
    args_text(args)
    twice = sorted(set(args or {}) & set(arguments))
    if twice:
        raise InvalidValueError(
            f'"{twice[0]}" is given twice', "By name and in args", "Give each argument once"
        )
    return {**(args or {}), **arguments}


def _value(call: Call) -> Steps[Any]:
    rows = yield call
    return rows[0][0]


def _number(call: Call) -> Steps[int]:
    return int((yield from _value(call)))


def _numbers(call: Call) -> Steps[list[int]]:
    rows = yield call
    return [int(row[0]) for row in rows]
