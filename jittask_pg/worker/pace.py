"""How much to claim: one when one is due, a thousand where a thousand are done in half a second."""

from __future__ import annotations

__all__ = ["Batching", "Pace"]

_HORIZON = 0.5
_WEIGHT = 0.3
# Enough to claim the next thousand while one is at work and one is being reported.
_MOST_AHEAD = 2500


class Pace:
    """How fast one kind of functions goes, and how many more it may be given.

    Args:
        slots: how many run at once.

    Attributes:
        mean: seconds for each, lately; infinite = not known yet.
        used: when jobs of this kind were last claimed, on the monotonic clock.
    """

    __slots__ = ("mean", "slots", "used")

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.mean = float("inf")
        self.used = 0.0

    def ran(self, count: int, seconds: float) -> None:
        """`count` runs took `seconds`, one after the other."""
        mean = max(seconds / count, 1e-7)
        # Slower counts at once, faster by and by: claiming too much keeps work from others.
        self.mean = (
            mean
            if mean > self.mean or self.mean == float("inf")
            else self.mean + _WEIGHT * (mean - self.mean)
        )

    def worth(self, seconds: float) -> int:
        """How many take `seconds` in one thread; at least 1."""
        return max(1, min(1000, int(seconds / self.mean)))

    def room(self, load: int) -> int:
        """How many more may be claimed.

        Args:
            load: how many wait or run.
        """
        return max(self.slots, min(_MOST_AHEAD, int(_HORIZON * self.slots / self.mean))) - load


class Batching:
    """The size of the next claim.

    Args:
        first: with which to begin.
    """

    MOST = 1000

    def __init__(self, first: int) -> None:
        self._first = max(1, min(first, self.MOST))
        self.size = self._first

    def came_back(self, asked: int, got: int) -> None:
        """A claim of `asked` brought `got`."""
        if got < asked:
            self.size = self._first
        elif asked >= self.size:
            self.size = min(self.size * 2, self.MOST)
