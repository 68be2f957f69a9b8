"""Definitions of tasks: what a caller says, checked, as the columns of a task row.

Everything that can be wrong without looking at the database is refused here, before anything is written.
What needs its clock, its zones or its catalogue is asked of it in steps, between which nothing is decided.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypedDict, cast

from .. import handlers, statements
from ..conditions import json_value
from ..connections import Steps
from ..errors import InvalidValueError
from ..offsets import Offset
from ..rule import Anchor, Rule
from ..rules import once, time_of_day
from ..tables import ColumnName, column_name
from .moments import Moment, interval_text, last_instant_of, moment_of

__all__ = [
    "Function",
    "TaskColumns",
    "args_text",
    "checked_columns",
    "date_field_steps",
    "handler_name",
    "holiday_columns",
    "scheduled_steps",
    "whole_number",
]

Function = Callable[..., Any] | str
"""A function, or the name under which a worker finds it: registered, or a dotted path."""

_ANCHOR_STEPS = 16


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


def args_text(args: Mapping[str, object] | None, field: str = "args") -> str:
    """Keyword arguments as JSON text.

    Raises:
        InvalidValueError: they are no mapping with names as keys, or hold what JSON cannot.
    """
    if args is None:
        return "{}"
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        raise InvalidValueError(
            f'{field} is "{args!r}", which is no mapping', None, 'Give keyword arguments: {"order_id": 7}'
        )
    return json.dumps(json_value(args, field), ensure_ascii=False)


def handler_name(function: object, args: Mapping[str, object] | None, *, takes_row: bool) -> str:
    """The name under which a worker finds the function.

    Args:
        function: a function, registered or at the top level of a module; or its name.
        args: the keyword arguments it will be called with; None = not known.
        takes_row: whether it is called with a source row first.

    Raises:
        InvalidValueError: a worker could not find it, or its parameters do not take the call.
    """
    if isinstance(function, str):
        name = function.strip()
        if not name:
            raise InvalidValueError(
                "handler is empty", None, 'Give a function, or a name: "services.OrderSvc.cancel"'
            )
        return name
    if not callable(function):
        raise InvalidValueError(
            f'handler is "{function!r}", which is no function', None, "Give a function, or its name as text"
        )
    name = handlers.name_of(function) or _dotted_path(function)
    mismatch = None if args is None else handlers.call_error(function, args, takes_row=takes_row)
    if mismatch is not None:
        called = [*(["the row"] if takes_row else []), *(f"{argument}=…" for argument in args or ())]
        raise InvalidValueError(
            f'handler "{name}" does not take the call: {mismatch}',
            f"It would be called with {', '.join(called) or 'no arguments'}",
            "Give the missing arguments, or change the function's parameters",
        )
    return name


def _dotted_path(function: Callable[..., Any]) -> str:
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or not path or "." in path or "<" in path or module == "__main__":
        raise InvalidValueError(
            f'handler is "{path or function!r}", which no worker can find by its path',
            "Only functions at the top level of a module that workers can import have one",
            "Register it with @jt.handler in such a module, or move it there",
        )
    return f"{module}.{path}"


def scheduled_steps(
    name: str, columns: Mapping[str, object], rule: Rule, start: Moment | None, end: Moment | None
) -> Steps[str]:
    """Defines a scheduled task; returns its name.

    Args:
        name: the task.
        columns: checked columns, apart from rule, start and end.
        rule: how often it runs.
        start: its start; None = from now on, or as it stands where the task exists and the rule is the same.
        end: its end; a whole day = through that day.
    """
    timezone = cast("str | None", columns.get("timezone"))
    if start is None and rule.repeat == "none":
        raise InvalidValueError(
            "start is missing", "A task that does not repeat runs at its start", "Give start=, or a rule"
        )
    start_at = yield from _start(name, rule, start, timezone)
    end_at = None if end is None else (yield from last_instant_of(end, timezone, "end"))
    if end_at is not None and datetime.fromisoformat(end_at) < datetime.fromisoformat(start_at):
        raise InvalidValueError(
            f'end is "{end_at}", which is before the start "{start_at}"', None, "Give an end after the start"
        )
    yield statements.tasks.define(
        {
            **columns,
            **rule.columns(),
            "name": name,
            "kind": "scheduled",
            "start_at": start_at,
            "end_at": end_at,
        }
    )
    return name


def _start(name: str, rule: Rule, start: Moment | None, timezone: str | None) -> Steps[str]:
    # The server tells the time: its clock, its zones. Only the arithmetic of days is done here.
    rows = yield statements.times.task_start(
        name, timezone, None if start is None else start.instant, None if start is None else start.local
    )
    base_at, local, given, kept_at, kept_local, *kept_rule = rows[0]
    same = kept_at is not None and _is_same(rule, kept_rule)
    if rule.repeat in ("none", "interval", "cron") or not rule.names_its_times:
        if given:
            return str(base_at)
        return str(kept_at) if same else _whole_second(str(base_at))
    begins = datetime.fromisoformat(str(local))
    default_at = begins.time().replace(microsecond=0) if given else time(0)
    if rule.repeat != "hourly" and rule.at is None:
        rule = replace(rule, at=default_at)
    if not given and same and rule.fits(datetime.fromisoformat(str(kept_local))):
        return str(kept_at)
    return (yield from _first_anchor(rule, begins, datetime.fromisoformat(str(base_at)), given, timezone))


def _is_same(rule: Rule, kept: list[Any]) -> bool:
    repeat, every, period, cron, month_overflow = kept
    seconds = None if rule.period is None else Decimal(str(rule.period.total_seconds()))
    return (repeat, every, cron, month_overflow) == (
        rule.repeat,
        rule.each,
        rule.expression,
        rule.month_overflow,
    ) and (None if period is None else Decimal(period)) == seconds


def _whole_second(instant: str) -> str:
    return datetime.fromisoformat(instant).replace(microsecond=0).isoformat()


def _first_anchor(
    rule: Rule, begins: datetime, base_at: datetime, given: bool, timezone: str | None
) -> Steps[str]:
    # The first occurrence is the first candidate at or after the start. It can be the anchor only if it has
    # the day and the time that the rule names: a series anchored on the 28th of February would stay on the
    # 28th, one anchored in a gap of the clock would stay an hour late.
    near = [(step, anchor) for step in range(-1, 4) if (anchor := rule.anchor(begins, step, time(0)))]
    answers = yield from _instants([anchor for _, anchor in near], timezone)
    found = next(
        (
            (step, instant, exact)
            for (step, _), (instant, exact) in zip(near, answers, strict=True)
            if datetime.fromisoformat(instant) >= base_at
        ),
        None,
    )
    if found is not None and found[2]:
        return found[1]
    if found is not None:
        # From now on: an anchor in the past never fires itself. From a given start on, none may lie before.
        behind = [-step for step in range(1, _ANCHOR_STEPS)] if not given else []
        ahead = list(range(1, _ANCHOR_STEPS))
        others = [
            anchor
            for distance in behind + ahead
            if (anchor := rule.anchor(begins, found[0] + distance * rule.each, time(0)))
        ]
        for instant, exact in (yield from _instants(others, timezone)):
            if exact:
                return instant
    raise InvalidValueError(
        f'The rule has no first occurrence after "{base_at.isoformat()}"',
        f"{rule.repeat}, every {rule.each}",
        "Give a start on a day that the rule names",
    )


def _instants(anchors: list[Anchor], timezone: str | None) -> Steps[list[tuple[str, bool]]]:
    if not anchors:
        return []
    rows = yield statements.times.instants([anchor.local.isoformat() for anchor in anchors], timezone)
    return [
        (str(instant), bool(same) and anchor.exact)
        for anchor, (instant, same) in zip(anchors, rows, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class DateField:
    """Where the times of a date-field task come from.

    Attributes:
        column: the date column, with its table.
        offset: signed distance from it.
        at: wall-clock time on that day; None = the time of the field.
        end: a date column of the same table, a point in time, or None.
        end_offset: signed distance from the end column.
        end_at: wall-clock time on the end day.
    """

    column: ColumnName
    offset: Offset
    at: time | None
    end: ColumnName | Moment | None
    end_offset: Offset | None
    end_at: time | None

    @classmethod
    def of(
        cls,
        column: object,
        *,
        table: object,
        offset: Offset | timedelta | str | None,
        at: time | str | None,
        end: object,
        end_offset: Offset | timedelta | str | None,
        end_at: time | str | None,
    ) -> DateField:
        """Read what a caller gave.

        Raises:
            InvalidValueError: a part cannot be; it names the field.
        """
        field = column_name(column, "column", table)
        if field.table is None:
            raise InvalidValueError(
                f'column is "{field.column}", without its table',
                None,
                'Give "table.column", or table= as well',
            )
        distance = Offset() if offset is None else Offset.of(offset, "offset")
        moment = None if at is None else time_of_day(at, "at")
        if moment is not None and not distance.whole_days:
            raise InvalidValueError(
                f'at is "{moment}" but offset is "{distance}", not of whole days',
                None,
                "Give days(…), weeks(…) or months(…), or leave at out",
            )
        stop = _end_of(end, field.table)
        if not isinstance(stop, ColumnName) and (end_offset is not None or end_at is not None):
            raise InvalidValueError(
                "end_offset and end_at need an end column",
                None,
                "Give end=Contract.ended_on, or leave them out",
            )
        end_distance = None if end_offset is None else Offset.of(end_offset, "end_offset")
        end_moment = None if end_at is None else time_of_day(end_at, "end_at")
        if end_moment is not None and end_distance is not None and not end_distance.whole_days:
            raise InvalidValueError(
                f'end_at is "{end_moment}" but end_offset is "{end_distance}", not of whole days',
                None,
                "Give days(…), weeks(…) or months(…), or leave end_at out",
            )
        return cls(field, distance, moment, stop, end_distance, end_moment)

    def columns(self) -> dict[str, object]:
        """The columns of ``jittask.task`` that hold it, apart from a fixed end."""
        end_field = self.end.column if isinstance(self.end, ColumnName) else None
        return {
            "source_table": self.column.table,
            "date_field": self.column.column,
            "start_offset": str(self.offset),
            "at_time": None if self.at is None else self.at.isoformat(),
            "end_field": end_field,
            "end_offset": None if self.end_offset is None else str(self.end_offset),
            "end_at_time": None if self.end_at is None else self.end_at.isoformat(),
        }

    def default_name(self, handler: str) -> str:
        """A name made of table, column, function and distance, the same for the same definition."""
        table = str(self.column.table).rpartition(".")[2].strip('"')
        parts = [table, self.column.column, handler.rpartition(".")[2]]
        if self.offset != Offset():
            parts.append(str(self.offset).replace("-", "minus ").replace(" ", "_"))
        return "_".join(parts)


def _end_of(end: object, table: str) -> ColumnName | Moment | None:
    if end is None:
        return None
    if isinstance(end, str):
        # A date begins with a digit, a name cannot.
        return moment_of(end, "end") if end.strip()[:1].isdigit() else column_name(end, "end", table)
    try:
        return moment_of(end, "end")
    except InvalidValueError:
        return column_name(end, "end", table)


def date_field_steps(
    name: str, columns: Mapping[str, object], field: DateField, rule: Rule | None, condition: object
) -> Steps[str]:
    """Defines a date-field task; returns its name.

    Args:
        name: the task.
        columns: checked columns, apart from those of field, rule and filter.
        field: where its times come from.
        rule: how it repeats from the first due time on; None = once per row.
        condition: the filter of the rows, as `conditions.filter_of` makes it; None = every row.
    """
    if rule is not None and rule.names_its_times:
        raise InvalidValueError(
            f'repeat names its own times: "{rule.repeat}"',
            "The first due time of each row decides them",
            "Give daily(), weekly(), monthly() … without times, and the time of day with at=",
        )
    end_at = None
    if isinstance(field.end, Moment):
        timezone = cast("str | None", columns.get("timezone"))
        end_at = yield from last_instant_of(field.end, timezone, "end")
    yield statements.tasks.define(
        {
            **columns,
            **(rule or once()).columns(),
            **field.columns(),
            "name": name,
            "kind": "date_field",
            "filter": None if condition is None else json.dumps(condition, ensure_ascii=False),
            "end_at": end_at,
        }
    )
    return name
