"""A scheduler that lives inside an ordinary Postgres.

Everything a program needs starts here: `JitTask`, the rules (`daily`, `every`, `cron` …), the offsets
(`days`, `minutes` …) and the errors. Names are loaded when they are first used, so that a worker or the
command line does not pay for SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .api import JitTask
    from .api.records import ExecutionRecord, PlannedOccurrence
    from .conditions import filter_of
    from .errors import (
        DatabaseError,
        InvalidValueError,
        JitTaskError,
        LeaseError,
        LockError,
        MissingExtraError,
        NotFoundError,
        RightsError,
        SchemaVersionError,
        StateError,
        UnavailableError,
        UnreadableValueError,
        WatchError,
    )
    from .handlers import handler
    from .offsets import Offset, days, hours, minutes, months, seconds, weeks
    from .outcomes import Cancel, Retry, Snooze
    from .rule import Rule
    from .rules import cron, daily, every, hourly, interval, monthly, once, weekly, yearly

__all__ = [
    "Cancel",
    "DatabaseError",
    "ExecutionRecord",
    "InvalidValueError",
    "JitTask",
    "JitTaskError",
    "LeaseError",
    "LockError",
    "MissingExtraError",
    "NotFoundError",
    "Offset",
    "PlannedOccurrence",
    "Retry",
    "RightsError",
    "Rule",
    "SchemaVersionError",
    "Snooze",
    "StateError",
    "UnavailableError",
    "UnreadableValueError",
    "WatchError",
    "__version__",
    "cron",
    "daily",
    "days",
    "every",
    "filter_of",
    "handler",
    "hourly",
    "hours",
    "interval",
    "minutes",
    "monthly",
    "months",
    "once",
    "seconds",
    "weekly",
    "weeks",
    "yearly",
]

_MODULES = {
    "JitTask": "api",
    "ExecutionRecord": "api.records",
    "PlannedOccurrence": "api.records",
    "filter_of": "conditions",
    "handler": "handlers",
    "Offset": "offsets",
    "days": "offsets",
    "hours": "offsets",
    "minutes": "offsets",
    "months": "offsets",
    "seconds": "offsets",
    "weeks": "offsets",
    "Cancel": "outcomes",
    "Retry": "outcomes",
    "Snooze": "outcomes",
    "Rule": "rule",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name) or ("errors" if name.endswith("Error") else "rules")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
