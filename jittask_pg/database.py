"""Connections: where the database is, and how every part of the package reaches it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping

import psycopg
from psycopg import conninfo
from psycopg.rows import TupleRow

from .errors import InvalidValueError, UnavailableError, from_database

__all__ = ["DSN_VARIABLE", "Connection", "connect", "migrate_command", "redacted", "resolve_dsn"]

DSN_VARIABLE = "JITTASK_DSN"
"""Environment variable that holds the connection string where no argument does."""

Connection = psycopg.Connection[TupleRow]
"""The connection type that the package works with."""


def resolve_dsn(dsn: str | None = None) -> str:
    """The connection string to use.

    Args:
        dsn: a libpq connection string or URL (``postgresql://…``, also in SQLAlchemy's spelling with a
            driver); None = the environment variable ``JITTASK_DSN``.

    Raises:
        InvalidValueError: neither is given, or the string cannot be read.
    """
    text = (dsn if dsn is not None else os.environ.get(DSN_VARIABLE, "")).strip()
    if not text:
        raise InvalidValueError(
            "No database is given",
            None,
            f"Pass --dsn postgresql://user@host/database, or set {DSN_VARIABLE}",
        )
    text = re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", text)
    try:
        conninfo.conninfo_to_dict(text)
    except psycopg.ProgrammingError as error:
        raise InvalidValueError(
            "The connection string cannot be read",
            str(error).strip().splitlines()[0],
            "Write postgresql://user@host:port/database or host=… dbname=… user=…",
        ) from None
    return text


def connect(
    dsn: str | None = None,
    *,
    application_name: str = "jittask",
    autocommit: bool = True,
    pooler: bool = False,
    more: Mapping[str, str] | None = None,
) -> Connection:
    """Open a connection.

    Args:
        dsn: see `resolve_dsn`.
        application_name: shown in ``pg_stat_activity``, unless the connection string sets its own.
        autocommit: False = transactions begin by themselves and are ended by the caller.
        pooler: True behind a pooler in transaction mode: no prepared statements.
        more: parameters of libpq beside those of the connection string, left out where errors show it.

    Raises:
        InvalidValueError: no connection string, or one that cannot be read.
        UnavailableError: the server cannot be reached or refuses.
    """
    text = resolve_dsn(dsn)
    given = conninfo.conninfo_to_dict(text)
    options: dict[str, str | int] = dict(more or {})
    if "application_name" not in given:
        options["application_name"] = application_name
    if "connect_timeout" not in given:
        options["connect_timeout"] = 10
    try:
        return psycopg.connect(
            text,
            autocommit=autocommit,
            prepare_threshold=None if pooler else 5,
            **options,  # pyright: ignore[reportArgumentType]  # the stubs narrow **kwargs to other parameters
        )
    except psycopg.OperationalError as error:
        translation = from_database(error)
        raise UnavailableError(
            f'Cannot connect to "{redacted(text)}"',
            translation.fact,
            "Behind a pooler in transaction mode: jittask worker --pooler, JitTask(…, pooler=True)"
            if "startup parameter" in translation.fact
            else "Check that the server runs and that the connection string names it",
        ) from None


def redacted(dsn: str) -> str:
    """The connection string without its password, in the spelling in which it was given."""
    if "://" in dsn:
        text = re.sub(r"(://[^/?#@:]*):[^/?#]*@", r"\1@", dsn)
        return re.sub(r"([?&])(?:ssl)?password=[^&#]*&?", r"\1", text).rstrip("?&")
    parts = conninfo.conninfo_to_dict(dsn)
    secret = {"password", "sslpassword", "passfile"}
    return conninfo.make_conninfo("", **{key: value for key, value in parts.items() if key not in secret})


def migrate_command(dsn: str | None = None) -> str:
    """The command that brings a database's schema up to date, ready to be pasted into a shell.

    Args:
        dsn: as the caller was given it; None or the value of ``JITTASK_DSN`` needs no option.
    """
    if dsn is None or dsn == os.environ.get(DSN_VARIABLE):
        return "jittask migrate"
    return f"jittask migrate --dsn {shlex.quote(redacted(dsn))}"
