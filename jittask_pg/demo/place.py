"""Where the tour happens: a Postgres of its own, or a database of its own on a server that is named."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import conninfo, sql

from ..database import connect
from ..embedded import EmbeddedServer
from ..errors import RightsError, from_database
from ..migration import ROLES

__all__ = ["Place", "place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tour happens.

    Attributes:
        dsn: of the database.
        server: what it is, for people.
        database: name of the database on a server that was named; None = an embedded one.
    """

    dsn: str
    server: str
    database: str | None = None


@contextmanager
def place(dsn: str | None, say: Callable[[str], None]) -> Generator[Place]:
    """A fresh database, gone at the end; so are the group roles that installing the schema adds.

    Args:
        dsn: of any database on a server where databases may be made; None = a temporary embedded server.
        say: told what is made, before it is.

    Raises:
        RightsError: the role may not make a database.
        UnavailableError: the server cannot be reached or does not start.
        MissingExtraError: no server is named and the extra ``embedded`` is not installed.
    """
    if dsn is not None:
        with _database_of_its_own(dsn, say) as found:
            yield found
        return
    say("Starting an embedded Postgres")
    server = EmbeddedServer(temporary=True)
    try:
        server.start()
        yield Place(conninfo.make_conninfo(server.dsn), f"{_version(server.dsn)}, embedded")
    finally:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@contextmanager
def _database_of_its_own(dsn: str, say: Callable[[str], None]) -> Generator[Place]:
    name = f"jittask_demo_{secrets.token_hex(4)}"
    version, roles = _version(dsn), _roles(dsn)
    say(f"Making database {name}, which goes at the end")
    try:
        _administer(dsn, sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise RightsError(
            from_database(error).fact,
            "The tour makes a database of its own and drops it at the end",
            "Name a role with CREATEDB, or leave --dsn and JITTASK_DSN out for an embedded server",
        ) from error
    try:
        yield Place(conninfo.make_conninfo(dsn, dbname=name), f"{version}, database {name}", name)
    finally:
        _administer(dsn, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        for role in _roles(dsn) - roles:
            # Another database may use it by now.
            with suppress(psycopg.errors.DependentObjectsStillExist, psycopg.errors.UndefinedObject):
                _administer(dsn, sql.SQL("drop role {}").format(sql.Identifier(role)))


def _version(dsn: str) -> str:
    connection = connect(dsn, application_name="jittask demo")
    try:
        return f"Postgres {connection.info.server_version // 10000}"
    finally:
        connection.close()


def _roles(dsn: str) -> set[str]:
    connection = connect(dsn, application_name="jittask demo")
    try:
        rows = connection.execute(
            "select r.rolname from pg_catalog.pg_roles r where r.rolname = any (%s)", [list(ROLES)]
        ).fetchall()
    finally:
        connection.close()
    return {str(row[0]) for row in rows}


def _administer(dsn: str, statement: sql.Composed) -> None:
    connection = connect(dsn, application_name="jittask demo")
    try:
        connection.execute(statement)
    finally:
        connection.close()
