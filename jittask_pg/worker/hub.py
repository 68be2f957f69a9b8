"""What the threads of one worker process share: where ends of runs go, and who is asked to stop."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable

from .batch import Batch, Ended, Job
from .clock import Clock
from .connect import Lender
from .context import Context

__all__ = ["Deadlines", "Hub", "Run"]


class Run:
    """A run that may be asked to end.

    Attributes:
        job: the occurrence.
        context: what its function was given, or would be.
        started_us: when it was called.
        stop_reason: cancelled, timed_out or lost; None = nobody asked.
        on_stop: what ends it beyond the flag: cancels the coroutine, kills the child process.
    """

    __slots__ = ("_ticket", "context", "job", "on_stop", "started_us", "stop_reason")

    def __init__(self, job: Job, context: Context, started_us: int) -> None:
        self.job = job
        self.context = context
        self.started_us = started_us
        self.stop_reason: str | None = None
        self.on_stop: Callable[[], None] | None = None
        self._ticket = [True]

    def stop(self, reason: str) -> None:
        """Ask it to end."""
        if self.stop_reason is None:
            self.stop_reason = reason
            self.context.stop(reason)
            if self.on_stop is not None:
                self.on_stop()

    def ends(self) -> bool:
        """True for the first who asks: that one reports the end, all others keep silent."""
        try:
            return self._ticket.pop()
        except IndexError:
            return False

    @property
    def ended(self) -> bool:
        """Whether its end was reported."""
        return not self._ticket


class Hub:
    """Shared by the threads of one worker process.

    Args:
        clock: the database's.
        lender: connections for runs.
        lease_duration: seconds that a claim holds without renewal.

    Attributes:
        batches: leases that are held, by id.
        results: ends that were not reported yet.
        stopping: occurrences that somebody asked to end.
        active: runs that can be asked to end, by occurrence.
        told: what was logged once and is not to be told again.
        wake_reporter: have the results reported.
        wake_main: have the main loop look again.
        beat: have the leases renewed now.
        note: have it written, before long, how far the runs have come.
        wants_room: the main loop waits for a job to end.
    """

    def __init__(self, clock: Clock, lender: Lender, lease_duration: float = 30.0) -> None:
        self.clock = clock
        self.lender = lender
        self.lease_duration = lease_duration
        self.batches: dict[int, Batch] = {}
        self.results: deque[Ended] = deque()
        self.stopping: set[int] = set()
        self.active: dict[int, Run] = {}
        self.told: set[str] = set()
        self.deadlines = Deadlines()
        self.wake_reporter: Callable[[], None] = _nothing
        self.wake_main: Callable[[], None] = _nothing
        self.beat: Callable[[], None] = _nothing
        self.note: Callable[[], None] = _nothing
        self.wants_room = False

    def report(self, ended: Ended) -> None:
        """Hand in the end of one run."""
        self.results.append(ended)
        self.wake_reporter()
        if self.wants_room:
            self.wake_main()

    def stop_run(self, occurrence_id: int, reason: str = "cancelled") -> None:
        """Ask the run of an occurrence to end, whether it runs already or waits here for its turn."""
        self.stopping.add(occurrence_id)
        run = self.active.get(occurrence_id)
        if run is not None:
            run.stop(reason)


class Deadlines:
    """Calls things at their time, on a thread that is started when first needed."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, at: float, action: Callable[[], None]) -> None:
        """Call `action` at `at`, on the monotonic clock. It must not block."""
        with self._changed:
            heapq.heappush(self._heap, (at, next(self._numbers), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="jittask-deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Forget all of them, and let the thread end."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._closed:
                    return
                _, _, action = heapq.heappop(self._heap)
            action()


def _nothing() -> None:
    return None
