"""What workers run while they are measured."""

from __future__ import annotations

from ..handlers import handler

__all__ = ["NOTHING", "nothing"]

NOTHING = "bench.nothing"


@handler(name=NOTHING)
def nothing() -> None:
    """Does nothing."""
