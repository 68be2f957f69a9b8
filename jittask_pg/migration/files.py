"""The SQL files of the package, found in the wheel or beside the package in a checkout."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["FunctionFile", "Migration", "function_files", "latest_version", "migrations"]

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One versioned file of ``migrations/``."""

    version: int
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class FunctionFile:
    """One repeatable file of ``sql/``; `path` is relative to it, with forward slashes."""

    path: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal, as in ``jittask.function_digest``."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations, from 1 on without gaps."""
    return read_migrations(_directory("migrations"))


@cache
def function_files() -> tuple[FunctionFile, ...]:
    """All function files in the order in which they are applied."""
    return read_function_files(_directory("sql"))


def latest_version() -> int:
    """Number of the newest migration of this package."""
    return migrations()[-1].version


def read_migrations(directory: Path) -> tuple[Migration, ...]:
    """The migrations of a directory.

    Raises:
        ValueError: a name is not ``NNNN_what.sql``, or the numbers are not 1, 2, 3 …
    """
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f'Migration "{path.name}" is not named NNNN_what.sql')
        found.append(Migration(int(match["version"]), match["name"], path.read_text("utf-8")))
    numbers = [migration.version for migration in found]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f'Migrations in "{directory}" do not count from 1 without gaps: {numbers}')
    return tuple(found)


def read_function_files(directory: Path) -> tuple[FunctionFile, ...]:
    """The function files below a directory, by path."""
    found = [
        FunctionFile(path.relative_to(directory).as_posix(), path.read_text("utf-8"))
        for path in directory.rglob("*.sql")
    ]
    return tuple(sorted(found, key=lambda file: file.path))


def _directory(name: str) -> Path:
    for candidate in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f'The package has no "{name}" directory; install it again')
