"""The OS user of the server where we are root, as whom Postgres refuses to run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from ..errors import RightsError

__all__ = ["NAME", "server_user"]

NAME = "jittask"
"""OS user that is made when there is none yet; it owns the data directories that root starts servers in."""


def server_user(directory: Path, name: str | None = None) -> pwd.struct_passwd | None:
    """Who the server runs as; None = as we do.

    Args:
        directory: where the server lives; if another user than root owns it already, that user.
        name: an existing OS user to prefer for a new directory.

    Raises:
        RightsError: we are root and the user can neither be found nor made.
    """
    if os.geteuid() != 0:
        return None
    if directory.exists() and (owner := directory.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            pass
    for candidate in filter(None, (name, NAME)):
        try:
            return pwd.getpwnam(candidate)
        except KeyError:
            continue
    return _made()


def _made() -> pwd.struct_passwd:
    ways = (
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
        ["adduser", "-S", "-D", "-H", "-s", "/sbin/nologin", NAME],
    )
    complaint = "neither useradd nor adduser is there"
    for way in ways:
        program = shutil.which(way[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            continue
        done = subprocess.run([program, *way[1:]], check=False, capture_output=True, text=True)
        try:
            # Another process may have made it meanwhile, so look rather than trust the exit code.
            return pwd.getpwnam(NAME)
        except KeyError:
            complaint = done.stderr.strip() or f"{way[0]} ended with {done.returncode}"
    raise RightsError(
        f'The OS user "{NAME}" cannot be made, and Postgres refuses to run as root',
        complaint,
        "Run the command as an ordinary user, or name a server of yours with --dsn",
    )
