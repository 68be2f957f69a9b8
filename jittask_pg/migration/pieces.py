"""The text of a migration, in pieces: the runner executes them, ``jittask sql`` prints them.

One author for both, so that they cannot leave different schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .files import FunctionFile, Migration, function_files, latest_version, migrations

__all__ = ["ADVISORY_LOCK", "ISOLATION", "Piece", "body", "preamble", "script"]

ADVISORY_LOCK = int.from_bytes(b"jittask", "big")
"""Key of the transaction-level advisory lock under which the schema changes."""

ISOLATION = "set transaction isolation level read committed;"
"""First statement of the transaction: whoever waited for the lock must see what the one before committed."""

_LAST_ACTS = {
    "30_trigger/build_watches.sql": "jittask.build_watches",
    "60_sweep/make_partitions.sql": "jittask.make_partitions",
}
"""What is called once all functions stand, by the file that makes it."""

_ADVISORY_WAIT = "60s"
_TABLE_WAIT = "5s"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the script that is executed as one; `label` names it in errors."""

    label: str
    sql: str


def preamble() -> Piece:
    """Settings of the transaction and its lock: whoever migrates at the same time waits here."""
    return Piece(
        "preamble",
        f"""\
set local client_encoding = 'UTF8';
set local standard_conforming_strings = on;
set local search_path = pg_catalog, pg_temp;
set local client_min_messages = notice;
set local statement_timeout = 0;
set local lock_timeout = '{_ADVISORY_WAIT}';
do $lock$ begin perform pg_catalog.pg_advisory_xact_lock({ADVISORY_LOCK}); end; $lock$;
set local lock_timeout = '{_TABLE_WAIT}';
set local check_function_bodies = off;
""",
    )


def body(
    since: int,
    versioned: Iterable[Migration] | None = None,
    repeatable: Iterable[FunctionFile] | None = None,
) -> Iterator[Piece]:
    """Migrations after `since`, then all functions and their digests, and what these do at an upgrade."""
    for migration in migrations() if versioned is None else versioned:
        if migration.version > since:
            label = f"migrations/{migration.version:04}_{migration.name}.sql"
            yield Piece(label, migration.sql)
    files = tuple(function_files() if repeatable is None else repeatable)
    for file in files:
        yield Piece(f"sql/{file.path}", file.sql)
    yield Piece("digests", _digests(files))
    for path, function in _LAST_ACTS.items():
        if any(file.path == path for file in files):
            yield Piece(function, f"do $last$ begin perform {function}(); end; $last$;\n")


def script(since: int = 0, *, transaction: bool = True) -> str:
    """The SQL that brings a schema from migration `since` to this package's state.

    Args:
        since: number of the newest migration that the database has; 0 = none.
        transaction: False leaves out ``begin`` and ``commit``, for a migration tool that has its own.

    Raises:
        ValueError: there is no migration of that number.
    """
    if not 0 <= since <= latest_version():
        raise ValueError(f"There is no migration {since}; the newest is {latest_version()}")
    parts = [f"-- jittask_pg: migrations {since + 1} to {latest_version()}, then all functions."]
    if since == latest_version():
        parts = [f"-- jittask_pg: all functions as of migration {since}."]
    if transaction:
        parts.append(f"begin;\n{ISOLATION}")
    parts.append(preamble().sql.rstrip())
    parts.append(_GUARD.format(since=since))
    for piece in body(since):
        parts.append(f"-- {piece.label}\n{piece.sql.strip()}")
    if transaction:
        parts.append("commit;")
    return "\n\n".join(parts) + "\n"


# Printed only: the runner looks for itself. Dynamic, because the ledger may not exist yet.
_GUARD = """\
do $guard$
declare
  v_since   constant int := {since};
  v_applied int := 0;
begin
  if to_regclass('jittask.migration') is not null then
    execute 'select coalesce(max(m.version), 0) from jittask.migration m' into v_applied;
  end if;
  if v_applied <> v_since then
    raise exception 'This script begins after migration %, the database is at %', v_since, v_applied
      using errcode = 'JT007', hint = format('Print it again: jittask sql --since %s', v_applied);
  end if;
end;
$guard$;"""

_DIGESTS = """\
delete from jittask.function_digest;

insert into jittask.function_digest (path, digest)
values
{rows};
"""


def _digests(files: tuple[FunctionFile, ...]) -> str:
    if not files:
        return "delete from jittask.function_digest;\n"
    rows = (f"  ({_literal(file.path)}, {_literal(file.digest)})" for file in files)
    return _DIGESTS.format(rows=",\n".join(rows))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
