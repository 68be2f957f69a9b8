"""What a function may raise to say how its run is to end, apart from any error."""

from __future__ import annotations

from datetime import datetime, timedelta

from .errors import InvalidValueError

__all__ = ["Cancel", "Outcome", "Retry", "Snooze"]

_LONGEST = timedelta(days=36_525)


class Outcome(Exception):  # noqa: N818  # not an error, and callers write `raise Retry(…)`
    """Base of what a function raises to choose the outcome of its own run."""


class Retry(Outcome):
    """The run failed and is to be tried again, whatever ``max_attempts`` says.

    Args:
        after: wait before the next try, seconds or a timedelta; None = the task's ``retry_delay``, doubling.
        reason: kept with the record of this try.

    Raises:
        InvalidValueError: a wait that is none, negative, or longer than 100 years.
    """

    def __init__(self, after: timedelta | float | None = None, reason: str | None = None) -> None:
        super().__init__(after, reason)
        self.after = None if after is None else _positive("after", after)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason or "the function asked to be tried again"


class Cancel(Outcome):
    """The run ends here and counts as cancelled: no error, no further try.

    Args:
        reason: kept in the record.
    """

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason or "the function called its run off"


class Snooze(Outcome):
    """Not now: the occurrence waits and runs again later. No attempt is counted.

    Args:
        until: the instant (aware datetime), or the wait (timedelta or seconds).
        reason: kept with the record of this try.

    Raises:
        InvalidValueError: a datetime without offset, or a negative wait.
    """

    def __init__(self, until: datetime | timedelta | float, reason: str | None = None) -> None:
        super().__init__(until, reason)
        if isinstance(until, datetime):
            if until.tzinfo is None:
                raise InvalidValueError(
                    f'until is "{until.isoformat()}", which has no offset',
                    None,
                    "Give an aware datetime, or a wait such as timedelta(minutes=5)",
                )
            self.until: datetime | timedelta = until
        else:
            self.until = _positive("until", until)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason or "the function asked to wait"


def _positive(field: str, wait: timedelta | float) -> timedelta:
    try:
        elapsed = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValueError(
            f'{field} is "{wait}", which is no wait', None, "Give seconds, or a timedelta"
        ) from None
    if elapsed < timedelta(0):
        raise InvalidValueError(f'{field} is "{wait}", which is negative', None, "Give a wait of 0 or more")
    if elapsed > _LONGEST:
        raise InvalidValueError(f'{field} is "{wait}", which is longer than 100 years')
    return elapsed
