"""The options of ``task add`` and ``task edit``: every column of a task, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import click

from .types import ELAPSED, JSON_OBJECT, LENGTH, MOMENT, TIME_OF_DAY

__all__ = ["column_options"]

# What an int column holds.
_MOST = 2_147_483_647

F = TypeVar("F", bound=Callable[..., object])

_Option: TypeAlias = "tuple[tuple[str, ...], click.ParamType[Any, Any] | None, str | None, str]"


def _words(*words: str) -> click.Choice[str]:
    return click.Choice(words)


_WHAT: tuple[_Option, ...] = (
    (("--title",), None, "TEXT", "Name for people."),
    (("--kind",), _words("scheduled", "date_field"), None, "Left out: date_field with a source table."),
    (("--handler",), None, "NAME", "Registered function, dotted path, or sql:schema.function."),
    (("--source",), None, "CODE", "Python source that defines run, instead of a handler."),
    (("--args",), JSON_OBJECT, "JSON", 'Keyword arguments, {"days": 3}.'),
)
_WHEN: tuple[_Option, ...] = (
    (("--start-at", "--start"), MOMENT, "TIME", "First run, in the task's zone; left out: from now on."),
    (
        ("--repeat",),
        _words("none", "hourly", "daily", "weekly", "monthly", "yearly", "interval", "cron"),
        None,
        "Cycle; left out: as --period or --cron say, else none.",
    ),
    (
        ("--every",),
        click.IntRange(1, 1_000_000),
        "N",
        "Whole number of cycles: weekly, 2 = every second week.",
    ),
    (("--period",), ELAPSED, "LENGTH", 'Elapsed time between runs, "90 minutes".'),
    (("--cron",), None, "EXPRESSION", '"0 9 * * 1-5"; six fields have seconds first.'),
    (("--month-overflow",), _words("clamp", "skip"), None, "The 31st in short months."),
    (("--timezone",), None, "ZONE", "IANA name, Europe/Berlin; left out: the installation's."),
    (("--end-at", "--end"), MOMENT, "TIME", "Last instant, inclusive; a bare date = through that day."),
    (("--max-runs",), click.IntRange(1, _MOST), "N", "Number of runs, per row for date-field tasks."),
    (("--calendar",), None, "NAME", "Calendar of working days; alone: free days are skipped."),
    (("--skip-holidays",), _words("none", "nonworking", "holidays"), None, "Which days are moved off."),
    (
        ("--holiday-policy",),
        _words("next_workday", "previous_workday", "drop"),
        None,
        "Where a run on such a day goes.",
    ),
)
_DATE_FIELD: tuple[_Option, ...] = (
    (("--source-table",), None, "TABLE", "Table to watch, schema.table."),
    (("--date-field",), None, "COLUMN", "Its date or timestamp column."),
    (("--start-offset", "--offset"), LENGTH, "LENGTH", 'Distance from the field, "-3 days".'),
    (("--at-time", "--at"), TIME_OF_DAY, "HH:MM", "Wall-clock time on that day; of a daily run."),
    (("--filter",), JSON_OBJECT, "JSON", 'Condition on the row, {"status": "active"}.'),
    (("--end-field",), None, "COLUMN", "Column that ends the repeating."),
    (("--end-offset",), LENGTH, "LENGTH", "Distance from the end column."),
    (("--end-at-time",), TIME_OF_DAY, "HH:MM", "Wall-clock time on the end day."),
    (("--past-due",), _words("ignore", "run_now"), None, "A row written when its time is past."),
)
_HOW: tuple[_Option, ...] = (
    (("--queue",), None, "NAME", "Routing; workers may serve some queues only."),
    (("--priority",), click.IntRange(-_MOST, _MOST), "N", "Smaller runs first; default 100."),
    (("--timeout",), LENGTH, "LENGTH", "Longest run."),
    (("--max-attempts",), click.IntRange(1, 1000), "N", "Tries that errors may use up."),
    (("--retry-delay",), LENGTH, "LENGTH", "Wait before the second try; doubles."),
    (("--isolation",), _words("thread", "process"), None, "Where an ordinary function runs."),
    (("--max-running",), click.IntRange(1, _MOST), "N", "Concurrent runs over all workers."),
    (("--overlap",), _words("skip", "wait", "allow"), None, "When the run before still runs."),
    (("--misfire",), _words("latest", "all", "skip"), None, "Occurrences missed while nobody ran."),
    (("--misfire-grace",), LENGTH, "LENGTH", "How late counts as missed; default 60 seconds."),
    (("--misfire-cap",), click.IntRange(1, _MOST), "N", "With misfire all: how many of the newest."),
    (("--catchup-window",), LENGTH, "LENGTH", "With misfire all: how old they may be."),
)
_FLAGS: tuple[tuple[str, str, str], ...] = (
    ("transactional", "--transactional/--no-transactional", "The function's writes commit with the finish."),
    ("capture_log", "--capture-log/--no-capture-log", "Keep log lines of the run in its record."),
)


def column_options(command: F) -> F:
    """Adds an option for every column of a task, apart from its name."""
    for column, spelling, text in reversed(_FLAGS):
        command = click.option(spelling, column, default=None, help=text)(command)
    for names, kind, metavar, text in reversed((*_WHAT, *_WHEN, *_DATE_FIELD, *_HOW)):
        column = names[0].removeprefix("--").replace("-", "_")
        command = click.option(*names, column, type=kind, metavar=metavar, help=text)(command)
    return command
