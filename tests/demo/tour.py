"""The tour as a user starts it, and whether anything of it is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import psycopg

_TAG = "JITTASK_TOUR_UNDER_TEST"


class Tour:
    """A running ``jittask demo`` in a process group of its own.

    Args:
        arguments: after ``demo``.
        environment: further variables.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._tag = uuid4().hex
        inherited = {name: value for name, value in os.environ.items() if name != "JITTASK_DSN"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jittask_pg", "demo", *arguments],
            env={**inherited, "PYTHONUNBUFFERED": "1", **(environment or {}), _TAG: self._tag},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def wait_for(self, text: str) -> None:
        """Read what it says until a line holds `text`."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)
            if text in line:
                return
        raise AssertionError(f'it ended without saying "{text}": {"".join(self.said)}')

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def terminate(self) -> None:
        """SIGTERM, to the command alone."""
        self._process.terminate()

    def ended(self, patience: float) -> int:
        """Its exit code; it must end within `patience` seconds."""
        try:
            said, _ = self._process.communicate(timeout=patience)
        finally:
            # A tour that hangs must not hold up the tests that follow.
            self._process.kill()
        self.said.append(said)
        return self._process.returncode

    def processes_left(self) -> list[str]:
        """Command lines of processes that it started and that still run, after a moment to go."""
        for _ in range(40):
            found = self._descendants()
            if not found:
                return []
            time.sleep(0.05)
        return found

    def _descendants(self) -> list[str]:
        found: list[str] = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{_TAG}={self._tag}".encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


def database_left(server: str, tour: Tour) -> bool:
    """Whether the database that the tour made still stands; it must have named one."""
    named = re.search(r"jittask_demo_[0-9a-f]+", "".join(tour.said))
    assert named is not None, tour.said
    with psycopg.connect(server, autocommit=True) as connection:
        row = connection.execute("select from pg_database where datname = %s", [named[0]]).fetchone()
    return row is not None
