"""The workers of the tour: the real command, in processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..database import DSN_VARIABLE, Connection
from ..errors import StateError
from .interrupts import Interrupts

__all__ = ["COMMAND", "PROCESSES", "Workers", "workers"]

PROCESSES = 2
"""Worker processes."""

COMMAND = ("jittask", "worker", "--processes", str(PROCESSES), "--import", "jittask_pg.demo.tasks")
"""What is run, with the database in the environment."""

_START_PATIENCE = 60.0
_STOP_PATIENCE = 10.0


class Workers:
    """Running worker processes."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self._process = process
        self._output = output

    def wait_until_ready(self, connection: Connection, interrupts: Interrupts) -> None:
        """Wait until every process is known to the database.

        Raises:
            StateError: they ended, or are not ready within a minute.
            KeyboardInterrupt: somebody asked to end.
        """
        give_up_at = time.monotonic() + _START_PATIENCE
        while True:
            interrupts.check()
            self.check()
            row = connection.execute("select count(*) from jittask.worker").fetchone()
            if row is not None and row[0] >= PROCESSES:
                return
            if time.monotonic() > give_up_at:
                raise StateError("The workers did not start within a minute", self._said(), None)
            time.sleep(0.05)

    def check(self) -> None:
        """Raise StateError if they have ended."""
        code = self._process.poll()
        if code is not None:
            raise StateError(f"The workers ended with exit code {code}", self._said(), None)

    def stop(self) -> None:
        """Stop them: the running functions may end, what is left after ten seconds is killed."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_PATIENCE)
        # Whatever they started is in their group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _said(self) -> str:
        return "; ".join(self._output.read_text("utf-8", "replace").strip().splitlines()[-5:])


@contextmanager
def workers(dsn: str) -> Generator[Workers]:
    """Workers on a database, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="jittask-demo-") as folder:
        output = Path(folder) / "workers"
        with output.open("wb") as file:
            # A group of their own: Ctrl-C in a terminal is for us, who then stop them in order.
            process = subprocess.Popen(
                _command(),
                env=_environment(dsn),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Workers(process, output)
        try:
            yield running
        finally:
            running.stop()


def _command() -> list[str]:
    beside = shutil.which("jittask", path=str(Path(sys.executable).parent))
    if beside:
        return [beside, *COMMAND[1:]]
    return [sys.executable, "-m", "jittask_pg", *COMMAND[1:]]


def _environment(dsn: str) -> dict[str, str]:
    # A checkout that is not installed is found by its folder.
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, DSN_VARIABLE: dsn, "PYTHONPATH": os.pathsep.join(paths)}
