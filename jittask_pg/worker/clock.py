"""The database's clock, read without asking it: what is due, and when a run began, only its clock decides."""

from __future__ import annotations

import time

from .. import statements
from ..database import Connection

__all__ = ["Clock", "DatabaseClock", "FixedClock"]


class Clock:
    """Tells instants in microseconds since 1970."""

    def now_us(self) -> int:
        """The present instant."""
        raise NotImplementedError


class DatabaseClock(Clock):
    """The server's wall clock, carried on by this machine's monotonic clock between looks."""

    def __init__(self) -> None:
        self.offset_ns = time.time_ns() - time.monotonic_ns()

    def now_us(self) -> int:
        return (time.monotonic_ns() + self.offset_ns) // 1000

    def compare(self, connection: Connection) -> None:
        """Ask the server for the time. Half of the round trip is taken for the way back."""
        sent = time.monotonic_ns()
        server_us = statements.session.clock_us(connection)
        received = time.monotonic_ns()
        self.offset_ns = server_us * 1000 - (sent + received) // 2


class FixedClock(Clock):
    """A clock moved by hand.

    Attributes:
        instant_us: what it tells.
    """

    def __init__(self, instant_us: int) -> None:
        self.instant_us = instant_us

    def now_us(self) -> int:
        return self.instant_us
