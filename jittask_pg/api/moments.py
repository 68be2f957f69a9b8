"""Points in time as callers give them: instants, wall-clock times, whole days, lengths of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from .. import statements
from ..connections import Steps
from ..errors import InvalidValueError
from ..offsets import Offset

__all__ = ["Moment", "elapsed_text", "instant_of", "interval_text", "last_instant_of", "moment_of"]

_WAY_OUT = (
    'Give a datetime, a date, or text such as "2026-12-31", "2026-12-31 18:00" or "2026-12-31T18:00+08:00"'
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: an instant, or a wall-clock time whose zone is not known yet.

    Attributes:
        instant: ISO text with an offset, or None.
        local: ISO text without offset, or None.
        whole_day: the day, where only a day was given; `local` is its midnight.
    """

    instant: str | None = None
    local: str | None = None
    whole_day: date | None = None


def moment_of(value: object, field: str) -> Moment:
    """Read a point in time.

    Args:
        value: a datetime (aware = an instant, naive = wall-clock time), a date, or either as ISO text.
        field: how the caller calls it, for the error.

    Raises:
        InvalidValueError: it cannot be read.
    """
    if isinstance(value, str):
        value = _parsed(value.strip(), field)
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return Moment(instant=_utc(value, field).isoformat())
        return Moment(local=value.isoformat())
    if isinstance(value, date):
        return Moment(local=datetime.combine(value, time()).isoformat(), whole_day=value)
    raise InvalidValueError(f'{field} is "{value!r}", which is no point in time', None, _WAY_OUT)


def instant_of(moment: Moment, timezone: str | None) -> Steps[str]:
    """The instant that `moment` is in the zone (None = the installation's), as ISO text."""
    if moment.instant is not None:
        return moment.instant
    rows = yield statements.times.instants([str(moment.local)], timezone)
    return str(rows[0][0])


def last_instant_of(moment: Moment, timezone: str | None, field: str) -> Steps[str]:
    """The instant at which `moment` ends: itself, or the end of the local day where it is a whole day."""
    if moment.whole_day is None:
        return (yield from instant_of(moment, timezone))
    if moment.whole_day >= date(9999, 12, 31):
        raise InvalidValueError(f'{field} is "{moment.whole_day}"', None, "Leave it out for no end")
    midnight = datetime.combine(moment.whole_day + timedelta(days=1), time()).isoformat()
    next_day = yield from instant_of(Moment(local=midnight), timezone)
    return (datetime.fromisoformat(next_day) - timedelta(microseconds=1)).isoformat()


def interval_text(value: Offset | timedelta | str, field: str) -> str:
    """A length of time as Postgres reads it; see `Offset.of`."""
    return str(Offset.of(value, field))


def elapsed_text(value: Offset | timedelta | str, field: str) -> str:
    """A length of elapsed time as Postgres reads it: a day is 24 hours, and months are refused.

    Raises:
        InvalidValueError: it cannot be read, or holds months.
    """
    elapsed = Offset.of(value, field).elapsed
    if elapsed is None:
        raise InvalidValueError(
            f'{field} is "{value}", which holds months',
            None,
            "Give days or shorter units, or a point in time",
        )
    return str(Offset(seconds=elapsed.total_seconds()))


def _utc(value: datetime, field: str) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValueError(
            f'{field} is "{value}", outside the years 1 to 9999 in UTC', None, _WAY_OUT
        ) from None


def _parsed(text: str, field: str) -> datetime | date:
    try:
        if len(text) <= 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(f'{field} is "{text}", which is no point in time', None, _WAY_OUT) from None
