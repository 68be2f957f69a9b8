"""Databases for tests: a template with everything installed, cloned as often as needed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import conninfo, sql

from jittask_pg import migration


class Databases:
    """Makes databases on one server and drops all it made.

    Args:
        dsn: of a database on the server; its role may create databases.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        # Several test processes may share a server that was named from outside.
        self._prefix = f"jittask_test_{os.getpid()}_{secrets.token_hex(3)}"
        self._made: list[str] = []
        self._template: str | None = None
        self._roles_before = self._roles()

    def dsn_of(self, name: str) -> str:
        return conninfo.make_conninfo(self._dsn, dbname=name)

    def empty(self) -> str:
        """DSN of a new database without the schema."""
        return self._create(sql.SQL("template template0"))

    def installed(self) -> str:
        """DSN of a new database with the schema as the package brings it."""
        if self._template is None:
            dsn = self.empty()
            with psycopg.connect(dsn, autocommit=True) as connection:
                migration.migrate(connection)
            self._template = self._made[-1]
            self._hold_roles()
        return self._create(sql.SQL("template {}").format(sql.Identifier(self._template)))

    def drop(self, dsn: str) -> None:
        name = conninfo.conninfo_to_dict(dsn)["dbname"]
        assert isinstance(name, str)
        self._drop(name)
        self._made.remove(name)

    def close(self) -> None:
        """Drop every database that is left, and the group roles unless they stood there before."""
        for name in reversed(self._made):
            self._drop(name)
        self._made.clear()
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            for role in self._roles() - self._roles_before:
                # Another test process may still use them; the last one drops them.
                with _tolerant():
                    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))

    def _hold_roles(self) -> None:
        # Group roles belong to the cluster: a test that uninstalls must not take them from the others.
        with psycopg.connect(self.empty(), autocommit=True) as connection:
            connection.execute("create schema holder")
            for role in self._roles():
                connection.execute(sql.SQL("grant usage on schema holder to {}").format(sql.Identifier(role)))

    def _create(self, template: sql.Composable) -> str:
        name = f"{self._prefix}_{len(self._made)}_{secrets.token_hex(2)}"
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} {}").format(sql.Identifier(name), template))
        self._made.append(name)
        return self.dsn_of(name)

    def _drop(self, name: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def _roles(self) -> set[str]:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            rows = connection.execute(
                "select rolname from pg_roles where rolname = any(%s)", [list(migration.ROLES)]
            ).fetchall()
        return {row[0] for row in rows}


@contextmanager
def _tolerant() -> Iterator[None]:
    with suppress(psycopg.errors.DependentObjectsStillExist, psycopg.errors.UndefinedObject):
        yield
