"""Options of a definition, as the columns of a task that hold them.

Everything that can be wrong without looking at the database is refused here, before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypedDict, cast

from ..errors import InvalidValueError
from ..offsets import Offset
from .moments import interval_text

__all__ = ["TaskColumns", "checked_columns", "holiday_columns", "whole_number"]


class TaskColumns(TypedDict, total=False):
    """Columns of a task that any definition may set; what is left out gets the default of the column.

    Lengths of time are text ("30 minutes"), timedeltas or offsets such as ``minutes(30)``.
    """

    title: str | None
    """For people."""
    max_runs: int | None
    """How many occurrences the rule puts to work, per row for date-field tasks."""
    holiday_policy: Literal["next_workday", "previous_workday", "drop"]
    """Where an occurrence on a free day goes."""
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
    isolation: Literal["thread", "process"]
    """Where an ordinary function runs; "thread"."""
    transactional: bool
    """The function's writes commit together with the finish."""
    max_running: int | None
    """Concurrent runs of this task over all workers; None = no limit."""
    overlap: Literal["skip", "wait", "allow"]
    """What happens while the run before still runs; "skip"."""
    misfire: Literal["latest", "all", "skip"]
    """What happens with occurrences that were missed; "latest"."""
    misfire_grace: timedelta | Offset | str
    """How late an occurrence may be before it counts as missed; 60 seconds."""
    misfire_cap: int
    """With misfire="all": how many of the newest run; 100."""
    catchup_window: timedelta | Offset | str
    """With misfire="all": how old a missed occurrence may be; 1 day."""
    capture_log: bool
    """Keep log lines of the run in its record."""


_CHOICES: dict[str, tuple[str, ...]] = {
    "holiday_policy": ("next_workday", "previous_workday", "drop"),
    "isolation": ("thread", "process"),
    "overlap": ("skip", "wait", "allow"),
    "misfire": ("latest", "all", "skip"),
}
_NUMBERS: dict[str, tuple[int, int]] = {
    "max_runs": (1, 2_147_483_647),
    "priority": (-2_147_483_648, 2_147_483_647),
    "max_attempts": (1, 1000),
    "max_running": (1, 2_147_483_647),
    "misfire_cap": (1, 2_147_483_647),
}
_LENGTHS = ("timeout", "retry_delay", "misfire_grace", "catchup_window")
_FLAGS = ("transactional", "capture_log")


def checked_columns(columns: Mapping[str, object]) -> dict[str, object]:
    """The columns as the statements take them.

    Args:
        columns: as in `TaskColumns`.

    Raises:
        InvalidValueError: an unknown name, or a value of the wrong kind; it names the field.
    """
    known = TaskColumns.__annotations__
    checked: dict[str, object] = {}
    for name, value in columns.items():
        if name not in known:
            raise InvalidValueError(
                f'There is no option "{name}"', None, f"The options are: {', '.join(sorted(known))}"
            )
        checked[name] = None if value is None else _checked(name, value)
    return checked


def _checked(name: str, value: object) -> object:
    if name in _NUMBERS:
        return whole_number(name, value, *_NUMBERS[name])
    if name in _LENGTHS:
        return interval_text(cast("str", value), name)
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise InvalidValueError(f'{name} is "{value}"', None, "Give True or False")
        return value
    if not isinstance(value, str) or (name in _CHOICES and value not in _CHOICES[name]):
        words = f"one of {', '.join(_CHOICES[name])}" if name in _CHOICES else "text"
        raise InvalidValueError(f'{name} is "{value}"', None, f"Give {words}")
    return value


def whole_number(name: str, value: object, low: int, high: int) -> int:
    """The value, if it is a whole number within the bounds.

    Raises:
        InvalidValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        bounds = f"of {low} or more" if high > 1_000_000_000 else f"from {low} to {high}"
        raise InvalidValueError(
            f'{name} is "{value}"',
            None,
            f"Give a whole number {bounds}" if low >= 0 else "Give a whole number",
        )
    return value


def holiday_columns(
    calendar: str | None, skip_holidays: bool | str | None, holiday_policy: object = None
) -> dict[str, object]:
    """The columns that say which days are moved off.

    Args:
        calendar: name of a calendar; alone it means that any free day is skipped.
        skip_holidays: True or "nonworking" = any free day, "holidays" = marked ones, False or "none".
        holiday_policy: as given by the caller; without a calendar it would do nothing.

    Raises:
        InvalidValueError: an unknown word, or days to skip without a calendar.
    """
    if skip_holidays is None:
        word = "none" if calendar is None else "nonworking"
    elif isinstance(skip_holidays, bool):
        word = "nonworking" if skip_holidays else "none"
    elif skip_holidays in ("none", "nonworking", "holidays"):
        word = skip_holidays
    else:
        raise InvalidValueError(
            f'skip_holidays is "{skip_holidays}"', None, "Give True, False, nonworking, holidays or none"
        )
    if word != "none" and calendar is None:
        raise InvalidValueError(
            f'skip_holidays is "{skip_holidays}" but calendar is missing', None, 'Name one: calendar="CN"'
        )
    if holiday_policy is not None and calendar is None:
        raise InvalidValueError(
            f'holiday_policy is "{holiday_policy}" but calendar is missing', None, 'Name one: calendar="CN"'
        )
    return {"calendar": calendar, "skip_holidays": word}
