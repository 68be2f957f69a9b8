"""Errors of the package: each says the fact, the value it is about, and the way out.

The database raises its refusals with SQLSTATEs of its own (class ``JT``); `from_database` turns them, and the
errors of Postgres that users meet most, into the classes below, so that callers catch by meaning and people
read a sentence rather than a driver's message.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

__all__ = [
    "DatabaseError",
    "InvalidValueError",
    "JitTaskError",
    "LeaseError",
    "LockError",
    "MissingExtraError",
    "NotFoundError",
    "RightsError",
    "SchemaVersionError",
    "StateError",
    "UnavailableError",
    "UnreadableValueError",
    "WatchError",
    "from_database",
    "translated",
]


_SHOWN = 100


class JitTaskError(Exception):
    """Base of every error of the package.

    Attributes:
        fact: what is the matter, one sentence without a full stop; values in double quotes.
        value: the value or the details it is about, or None where the fact says it all.
        way_out: what to do about it, in the imperative, or None.
        sqlstate: the SQLSTATE when the database raised it, else that of the class or None.
    """

    sqlstate: str | None = None

    def __init__(self, fact: str, value: str | None = None, way_out: str | None = None) -> None:
        super().__init__(fact, value, way_out)
        self.fact = fact
        self.value = value
        self.way_out = way_out

    def __str__(self) -> str:
        return "\n".join(line for line in (self.fact, self.value, self.way_out) if line)


class InvalidValueError(JitTaskError):
    """A field has a value that cannot be; the fact names the field and quotes the value."""

    sqlstate = "JT001"


class NotFoundError(JitTaskError):
    """No task, calendar, occurrence … of that name."""

    sqlstate = "JT002"


class LockError(JitTaskError):
    """A lock could not be had in time; trying again may help."""

    sqlstate = "JT003"


class RightsError(JitTaskError):
    """The role lacks a right; the way out names the GRANT where it is known."""

    sqlstate = "JT004"


class WatchError(JitTaskError):
    """A table cannot be watched, or its watch is broken."""

    sqlstate = "JT005"


class LeaseError(JitTaskError):
    """The lease is no longer held, so the write was refused."""

    sqlstate = "JT006"


class StateError(JitTaskError):
    """Not possible in the state in which the task, the occurrence or the queue is."""

    sqlstate = "JT007"


class SchemaVersionError(JitTaskError):
    """The schema is missing or older than the package; the way out is the command to run."""


class UnavailableError(JitTaskError):
    """The database cannot be reached, or ended the connection."""


class UnreadableValueError(JitTaskError):
    """A column of a source row was read whose value Python cannot hold, such as a date ``infinity``.

    Attributes:
        column: its name.
        text: the value as Postgres writes it.
    """

    def __init__(self, column: str, text: str, why: str) -> None:
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        super().__init__(
            f'column "{column}" holds "{shown}", which Python cannot hold',
            why,
            "Keep such rows out by the filter of the task, or catch this error: it has the value as text",
        )
        self.column = column
        self.text = text
        self._why = why

    def __reduce__(self) -> tuple[type[UnreadableValueError], tuple[str, str, str]]:
        return UnreadableValueError, (self.column, self.text, self._why)


class MissingExtraError(JitTaskError):
    """An optional part of the package is not installed; the way out is the command that installs it."""


class DatabaseError(JitTaskError):
    """Any other error that the database reported."""


_OWN_CLASSES: dict[str, type[JitTaskError]] = {
    str(error.sqlstate): error
    for error in (
        InvalidValueError,
        NotFoundError,
        LockError,
        RightsError,
        WatchError,
        LeaseError,
        StateError,
    )
}

# Names in jittask that are missing mean an older schema; the same codes for a user's table do not.
_OURS_MISSING = re.compile(r'\bschema "jittask"|\bjittask\.')

_POSTGRES_CLASSES: dict[str, type[JitTaskError]] = {
    "25006": UnavailableError,  # read_only_sql_transaction: a standby
    "40P01": LockError,  # deadlock_detected
    "55P03": LockError,  # lock_not_available
    "57P01": UnavailableError,  # admin_shutdown
    "57P02": UnavailableError,  # crash_shutdown
    "57P03": UnavailableError,  # cannot_connect_now
}


def from_database(error: psycopg.Error) -> JitTaskError:
    """The error of this package that says what `error` says.

    Args:
        error: any error of psycopg, with or without a server's diagnostics.

    Returns:
        An instance to raise ``from`` the original: the class by SQLSTATE, the fact from the server's message,
        the value from its DETAIL and the way out from its HINT.
    """
    state = error.sqlstate
    fact = error.diag.message_primary or _first_line(error)
    value = error.diag.message_detail
    way_out = error.diag.message_hint
    built: JitTaskError
    if state is None:
        # The client's own errors: no server to reach (OperationalError), or a value that does not convert.
        unreachable = isinstance(error, psycopg.OperationalError)
        built = UnavailableError(fact, None, way_out) if unreachable else DatabaseError(fact, value, way_out)
    elif state in _OWN_CLASSES:
        built = _OWN_CLASSES[state](fact, value, way_out)
    elif state in {"23514", "23505", "23503", "23502"}:
        built = _from_constraint(error, fact, value, way_out)
    elif state in {"3F000", "42P01", "42883", "42703", "42704"} and _OURS_MISSING.search(fact):
        built = SchemaVersionError(
            "The schema of jittask is missing or older than this package",
            fact,
            "Run: jittask migrate",
        )
    elif state in {"42P01", "42602", "3F000"}:
        built = NotFoundError(
            fact, value, way_out or "Name the table with its schema, as psql's \\dt shows it"
        )
    elif state == "42501":
        built = RightsError(fact, value, way_out or _way_to_rights(fact))
    elif state in _POSTGRES_CLASSES:
        built = _POSTGRES_CLASSES[state](fact, value, way_out)
    elif state.startswith("08") or state.startswith("28") or state == "3D000":
        built = UnavailableError(fact, value, way_out)
    elif state.startswith("22"):
        built = InvalidValueError(fact, value, way_out)
    else:
        built = DatabaseError(fact, value, way_out)
    built.sqlstate = state
    return built


@contextmanager
def translated() -> Generator[None, None, None]:
    """Within it, errors of psycopg leave as errors of this package."""
    try:
        yield
    except psycopg.Error as error:
        raise from_database(error) from error


# Where the sentence alone does not say what to do.
_WAYS_OUT = {
    "task_calendar_exists": "Fill the calendar first: jittask calendar sync CODE; or add one of your own",
    "task_name_is_unique": "Choose another name, or change the task that has it",
    "calendar_of_the_day_exists": "Add the calendar first: jittask calendar add NAME",
}


def _from_constraint(error: psycopg.Error, fact: str, value: str | None, way_out: str | None) -> JitTaskError:
    # The names of our constraints are sentences that say what they ask for; DETAIL of a check violation
    # repeats the whole row, which helps nobody and may hold what should not be shown.
    name = error.diag.constraint_name
    if error.diag.schema_name != "jittask":
        return DatabaseError(fact, value, way_out)
    table = error.diag.table_name
    if way_out is not None:
        # Raised by our own triggers, in words; Postgres itself gives no hint.
        return InvalidValueError(fact, value, way_out)
    if error.sqlstate == "23502":
        return InvalidValueError(f'"{error.diag.column_name}" of {table} is missing', None, "Give it a value")
    sentence = (name or "").replace("_", " ")
    way_out = _WAYS_OUT.get(name or "")
    if error.sqlstate == "23514":
        return InvalidValueError(f'Refused by the rule "{sentence}"', None, way_out)
    return InvalidValueError(f'Refused by the rule "{sentence}"', value, way_out)


def _way_to_rights(fact: str) -> str | None:
    # By the sentence, because the error has no other mark; in other languages the way out is missing.
    if fact.endswith(" schema jittask") and fact.startswith("must be owner"):
        return "Run it as the role that installed jittask, or as a superuser"
    if _OURS_MISSING.search(fact) or fact.endswith(" schema jittask"):
        return (
            "Let an admin grant a group role: jittask_admin, jittask_worker, jittask_client or jittask_viewer"
        )
    if " database " in fact:
        return "Run it as a role that may create schemas there: grant create on database … to …"
    return None


def _first_line(error: psycopg.Error) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
