"""Applies the migrations and functions to a database, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

from ..database import Connection
from ..errors import JitTaskError, LockError, from_database
from .check import applied_digests, applied_version
from .files import FunctionFile, Migration, function_files, migrations
from .pieces import ISOLATION, Piece, body, preamble
from .removal import ROLES

__all__ = ["Migrated", "migrate"]


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did.

    Attributes:
        applied: migrations that were applied, by number and name.
        functions: number of function files that were applied; 0 = they stood already.
        version: the newest migration the database has now.
        notices: what the server said meanwhile, such as a role that could not be created.
    """

    applied: tuple[tuple[int, str], ...]
    functions: int
    version: int
    notices: tuple[str, ...]


def migrate(
    connection: Connection,
    *,
    versioned: Iterable[Migration] | None = None,
    repeatable: Iterable[FunctionFile] | None = None,
) -> Migrated:
    """Install the schema or bring it up to date; nothing happens where it is.

    Runs at the same time wait for each other, the later ones then find nothing to do. A database that is
    ahead of this package is left as it is.

    Args:
        connection: not inside a transaction.
        versioned: migrations to apply instead of the package's own.
        repeatable: function files to apply instead of the package's own.

    Raises:
        LockError: another migration or a writer held a lock for too long; nothing was changed.
        JitTaskError: any other refusal of the database; nothing was changed.
    """
    known = tuple(migrations() if versioned is None else versioned)
    files = tuple(function_files() if repeatable is None else repeatable)
    notices: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized in {"NOTICE", "WARNING"}:
            text = diagnostic.message_primary or ""
            notices.append(". ".join(filter(None, (text, diagnostic.message_hint))))

    connection.add_notice_handler(note)
    try:
        with connection.transaction():
            _execute(connection, Piece("preamble", ISOLATION))
            _execute(connection, preamble())
            before = applied_version(connection) or 0
            newest = max((migration.version for migration in known), default=0)
            if before > newest:
                return Migrated((), 0, before, tuple(notices))
            pending = [migration for migration in known if migration.version > before]
            same = before > 0 and applied_digests(connection) == {f.path: f.digest for f in files}
            if same and not pending and not _grants_are_due(connection):
                return Migrated((), 0, before, tuple(notices))
            for piece in body(before, known, files):
                _execute(connection, piece)
            applied = tuple((migration.version, migration.name) for migration in pending)
            return Migrated(applied, len(files), newest, tuple(notices))
    finally:
        connection.remove_notice_handler(note)


def _grants_are_due(connection: Connection) -> bool:
    # A group role that could not be made at first may have been made since, or may be made now; the functions
    # end in the grants.
    row = connection.execute(
        """
        select exists (
          select from pg_catalog.unnest(%s::text[]) g (role)
          left join pg_catalog.pg_roles r on r.rolname = g.role
          where case
            when r.oid is not null then not pg_catalog.has_schema_privilege(r.oid, 'jittask', 'usage')
            else (select o.rolsuper or o.rolcreaterole from pg_catalog.pg_roles o where o.rolname = user)
          end
        )
        """,
        [list(ROLES)],
    ).fetchone()
    return row is not None and bool(row[0])


def _execute(connection: Connection, piece: Piece) -> None:
    try:
        # Without parameters psycopg sends a simple query, which may hold several statements.
        connection.execute(piece.sql.encode(), prepare=False)
    except psycopg.Error as error:
        raise _explained(error, piece) from error


def _explained(error: psycopg.Error, piece: Piece) -> JitTaskError:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return LockError(
            "The schema is locked by another session",
            f"waited while applying {piece.label}; nothing was changed",
            "Run the migration again; pg_stat_activity shows who holds the lock",
        )
    translation = from_database(error)
    place = f"in {piece.label}; nothing was changed"
    translation.value = f"{translation.value}; {place}" if translation.value else place
    return translation
