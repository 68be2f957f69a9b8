"""Trying again while others hold a table: the same way wherever a table is locked, and said so."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from .errors import LockError

__all__ = ["patiently"]

T = TypeVar("T")

_LONGEST_PAUSE = 3.0


def patiently(operation: Callable[[], T], patience: float, tell: Callable[[str], None]) -> T:
    """Run an operation, again and again while a table is locked by others.

    Args:
        operation: one transaction, which waits for the lock for a second at most.
        patience: seconds after which no further try begins; 0 = one try.
        tell: is given a line for people, with who holds the table, before each further try.

    Raises:
        LockError: the last try's.
    """
    give_up_at = time.monotonic() + patience
    attempt = 1
    while True:
        try:
            return operation()
        except LockError as error:
            if time.monotonic() >= give_up_at:
                raise
            tell(f"Waiting: {'; '.join(filter(None, (error.fact, error.value)))} (attempt {attempt})")
            # Writers queue up behind each try, so they get more and more time between two.
            time.sleep(min(0.2 * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.7, 1.0))
            attempt += 1
