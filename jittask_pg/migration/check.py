"""Which schema a database has, against the one this package brings."""

from __future__ import annotations

from dataclasses import dataclass

from ..database import Connection, migrate_command
from ..errors import SchemaVersionError, translated
from .files import function_files, latest_version

__all__ = ["SchemaState", "applied_digests", "applied_version", "check_schema", "schema_state"]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema of a database.

    Attributes:
        version: its newest migration; None = not installed.
        wanted: the newest migration of this package.
        functions_differ: paths of function files whose content differs from the installed one, or that only
            one side has.
    """

    version: int | None
    wanted: int
    functions_differ: tuple[str, ...]

    @property
    def current(self) -> bool:
        """True where a migration would do nothing."""
        return self.version == self.wanted and not self.functions_differ


def schema_state(connection: Connection) -> SchemaState:
    """Compare the ledger of the database with the files of the package."""
    with translated():
        version = applied_version(connection)
        installed = applied_digests(connection) if version else {}
    files = {file.path: file.digest for file in function_files()}
    differ = sorted(
        path for path in files.keys() | installed.keys() if files.get(path) != installed.get(path)
    )
    return SchemaState(version, latest_version(), tuple(differ))


def check_schema(connection: Connection, dsn: str | None = None) -> None:
    """Refuse to work on a schema that is missing or older than this package.

    A newer schema is fine: functions that workers call keep their meaning, so that machines can be upgraded
    one by one.

    Args:
        connection: any connection.
        dsn: what the connection was opened with, for the command in the message.

    Raises:
        SchemaVersionError: the way out is the command to run.
    """
    with translated():
        if not _may_read_ledger(connection):
            # A role without that right, such as a client's, learns of a mismatch where it meets one.
            return
        version = applied_version(connection)
    if version is not None and version >= latest_version():
        return
    name = connection.info.dbname
    way_out = f"Run: {migrate_command(dsn)}"
    if version is None:
        raise SchemaVersionError(f'jittask is not installed in database "{name}"', None, way_out)
    raise SchemaVersionError(
        f'The schema in database "{name}" is older than this package',
        f"It is at migration {version}, {latest_version()} is needed",
        way_out,
    )


def _may_read_ledger(connection: Connection) -> bool:
    row = connection.execute(
        "select pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
        " and pg_catalog.has_table_privilege(c.oid, 'SELECT')"
        " from pg_catalog.pg_namespace n"
        " join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'migration'"
        " where n.nspname = 'jittask'"
    ).fetchone()
    return row is None or bool(row[0])


def applied_version(connection: Connection) -> int | None:
    """Newest migration in the ledger of the database; None without a ledger."""
    row = connection.execute("select pg_catalog.to_regclass('jittask.migration') is not null").fetchone()
    if row is None or not row[0]:
        return None
    row = connection.execute("select pg_catalog.max(m.version) from jittask.migration m").fetchone()
    return None if row is None else row[0]


def applied_digests(connection: Connection) -> dict[str, str]:
    """Digest of each installed function file, by path."""
    rows = connection.execute("select d.path, d.digest from jittask.function_digest d").fetchall()
    return dict(rows)
