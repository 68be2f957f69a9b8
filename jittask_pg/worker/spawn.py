"""Starts Python processes of the package, with a pipe to each: what they need to know goes through it, never
through arguments, which everybody on the machine can read; when it closes, they know that they are alone."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any

__all__ = ["Child", "parent_pipe"]

_PR_SET_PDEATHSIG = 1


class Child:
    """A process that runs a module of the package.

    Args:
        module: its name.
        payload: plain values, the first thing it receives.
        own_session: it gets a session of its own: signals of the terminal do not reach it, and it can be
            killed with everything it started.

    Attributes:
        pipe: to it.
        process: the process.
    """

    def __init__(self, module: str, payload: Any, *, own_session: bool) -> None:
        ours, theirs = socket.socketpair()
        try:
            os.set_inheritable(theirs.fileno(), True)
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"from {module} import main; main({theirs.fileno()})"],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=own_session,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        finally:
            theirs.close()
        self._own_session = own_session
        self.pipe: Pipe[Any, Any] = Pipe(ours.detach())
        with suppress(OSError):
            self.pipe.send(payload)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def kill(self) -> None:
        """Kill it, and what it started where it has a session of its own; its pipe then reads as ended."""
        if self.process.returncode is None:
            with suppress(OSError):
                if self._own_session:
                    os.killpg(self.process.pid, signal.SIGKILL)
                else:
                    self.process.kill()

    def close(self) -> None:
        """Close the pipe and collect the process, which ends by itself then."""
        with suppress(OSError):
            self.pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)


def parent_pipe(fd: int, *, dies_with_parent: bool) -> Pipe[Any, Any]:
    """In the child: the pipe to the process that started it.

    Args:
        fd: its descriptor.
        dies_with_parent: where the system can do it, the child is killed when its parent is gone.
    """
    if dies_with_parent and sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return Pipe(fd)
