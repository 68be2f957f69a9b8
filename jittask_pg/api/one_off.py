"""One-offs: what a caller says, checked, as the parameters of the statements that enqueue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypedDict

from ..errors import InvalidValueError
from ..offsets import Offset
from .columns import whole_number
from .moments import elapsed_text, interval_text, moment_of

__all__ = ["OneOffOptions", "due_times", "one_off_parameters"]


class OneOffOptions(TypedDict, total=False):
    """Options of a one-off. Lengths of time are text ("30 minutes"), timedeltas or offsets."""

    delay: timedelta | Offset | str | None
    """Elapsed time from now by the server's clock; not together with `due_at`."""
    due_at: datetime | date | str | None
    """When to run: an instant, or wall-clock time in the installation's zone; None or a past one = now."""
    queue: str
    """Routing; "default"."""
    priority: int
    """Smaller runs first; 100."""
    timeout: timedelta | Offset | str | None
    """Longest run; None = no limit."""
    max_attempts: int
    """Tries that errors and timeouts may use up; 1."""
    retry_delay: timedelta | Offset | str
    """Wait before the second try; 10 seconds, doubles with jitter."""
    title: str | None
    """For people."""


def one_off_parameters(handler: str, options: Mapping[str, object]) -> dict[str, object]:
    """The parameters that `statements.occurrences.enqueue` and `statements.occurrences.enqueue_many` share.

    Args:
        handler: name of the function.
        options: as in `OneOffOptions`.

    Raises:
        InvalidValueError: a value that cannot be; it names the field.
    """
    delay, due_at = options.get("delay"), options.get("due_at")
    if delay is not None and due_at is not None:
        raise InvalidValueError(
            f'delay is "{delay}" and due_at is "{due_at}"', None, "Give one of them, or none for now"
        )
    moment = None if due_at is None else moment_of(due_at, "due_at")
    return {
        "handler": handler,
        "due_at": None if moment is None else moment.instant,
        "local_due_at": None if moment is None else moment.local,
        "delay": None if delay is None else elapsed_text(_length(delay), "delay"),
        "queue": _text("queue", options.get("queue", "default")),
        "priority": whole_number("priority", options.get("priority", 100), -2_147_483_648, 2_147_483_647),
        "timeout": _interval("timeout", options.get("timeout")),
        "max_attempts": whole_number("max_attempts", options.get("max_attempts", 1), 1, 1000),
        "retry_delay": _interval("retry_delay", options.get("retry_delay", "10 seconds")),
        "title": None if options.get("title") is None else _text("title", options["title"]),
    }


def due_times(each: Sequence[datetime] | None, count: int) -> list[str] | None:
    """The due time of each of several one-offs, as text; None where they have none of their own.

    Raises:
        InvalidValueError: there are not as many as one-offs, or one is no instant with an offset.
    """
    if each is None:
        return None
    moments = [moment_of(one, f"each_due_at[{index}]") for index, one in enumerate(each)]
    if len(moments) != count:
        raise InvalidValueError(
            f"each_due_at has {len(moments)} elements and args has {count}",
            None,
            "Give as many, or due_at for all of them",
        )
    for index, moment in enumerate(moments):
        if moment.instant is None:
            raise InvalidValueError(
                f'each_due_at[{index}] is "{moment.local}", a time without a zone',
                None,
                "Give aware datetimes",
            )
    return [str(moment.instant) for moment in moments]


def _length(value: object) -> timedelta | Offset | str:
    return value if isinstance(value, (timedelta, Offset)) else str(value)


def _interval(field: str, value: object) -> str | None:
    return None if value is None else interval_text(_length(value), field)


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidValueError(f'{field} is "{value}"', None, "Give text")
    return value
