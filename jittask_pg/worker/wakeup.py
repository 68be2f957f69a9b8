"""The sleep of a worker's main loop, and what ends it early."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg
from psycopg import pq

from ..database import Connection

__all__ = ["Wakeup"]


class Wakeup:
    """Lets one thread wait for a notification, or for a call of another thread or of a signal handler.

    Args:
        heard: called with each notification, by the thread that waits.
    """

    def __init__(self, heard: Callable[[pq.PGnotify], None]) -> None:
        self._heard = heard
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)

    def wake(self) -> None:
        """End the wait, or the next one where nobody waits. A signal handler may call this."""
        with suppress(BlockingIOError):
            self._write.send(b"!")

    def wait(self, seconds: float, connection: Connection | None) -> None:
        """Wait for some seconds, or until something arrives.

        Args:
            seconds: the longest wait.
            connection: the one that listens; None = there is none.

        Raises:
            OperationalError: the connection was closed.
        """
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if connection is not None:
            poll.register(connection.pgconn.socket, select.POLLIN)
        # poll counts in whole milliseconds; the rest is slept.
        whole = int(max(0.0, seconds) * 1000)
        ready = poll.poll(whole)
        if not ready:
            rest = seconds - whole / 1000
            if rest > 0:
                time.sleep(rest)
            return
        for fd, _ in ready:
            if fd == self._read.fileno():
                self._empty_pipe()
            elif connection is not None:
                self._hear(connection)

    def _empty_pipe(self) -> None:
        with suppress(BlockingIOError):
            while self._read.recv(4096):
                pass

    def _hear(self, connection: Connection) -> None:
        connection.pgconn.consume_input()
        while (notification := connection.pgconn.notifies()) is not None:
            self._heard(notification)
        if connection.pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection was closed")
