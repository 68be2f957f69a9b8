"""Threads for ordinary functions. No run is handed over by itself: claimed jobs lie in one deque, threads
take them from it and put the ends into another. More threads are woken only when one is not quick enough."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import psycopg

from ..errors import JitTaskError
from .batch import Ended, Job, given_back
from .call import completed, failed
from .hub import Hub
from .pace import Pace
from .reread import reread
from .run import lost_to_others, noted, run_here

__all__ = ["Rereading", "Threads"]

logger = logging.getLogger(__name__)

_QUICK = 0.0005
_SIGNAL_AFTER_NS = 20_000_000
_SIGNAL_COUNT = 1000
# A row that was read longer ago than this is read once more.
_FRESH = 0.1


class Rereading:
    """Occurrences of one task whose rows are to be read together."""

    __slots__ = ("jobs",)

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs


class Threads:
    """The threads of one worker process.

    Args:
        hub: of the worker.
        slots: threads at most.
        route: takes jobs whose rows were read, and which run elsewhere.

    Attributes:
        reading: jobs whose rows are still to be read, wherever they run then.
    """

    def __init__(self, hub: Hub, slots: int, route: Callable[[list[Job]], None]) -> None:
        self._hub = hub
        self._route = route
        self.pace = Pace(slots)
        self.waiting: deque[Job | Rereading] = deque()
        self._lock = threading.Lock()
        self._idle: list[_Runner] = []
        self._runners: set[_Runner] = set()
        self._slots = slots
        self._grouped = 0
        self.reading = 0
        self._last_seen: object = None
        self.closed = False

    @property
    def active(self) -> int:
        """Threads that are at work."""
        return len(self._runners) - len(self._idle)

    def load(self) -> int:
        """Jobs that wait or run."""
        return self.active + len(self.waiting) + self._grouped

    def add(self, jobs: list[Job]) -> None:
        """Jobs to run."""
        self.waiting.extend(jobs)
        if self.active == 0:
            self._wake_one()

    def add_rereading(self, jobs: list[Job], *, first: bool = False) -> None:
        """Jobs of one task whose rows are to be read before they run; `first`: before all others."""
        with self._lock:
            self._grouped += len(jobs) - 1
            self.reading += len(jobs)
        if first:
            self.waiting.appendleft(Rereading(jobs))
        else:
            self.waiting.append(Rereading(jobs))
        if self.active == 0:
            self._wake_one()

    def opened(self, group: Rereading) -> list[Job]:
        """The jobs of a group that was taken from the deque."""
        with self._lock:
            self._grouped -= len(group.jobs) - 1
            self.reading -= len(group.jobs)
        return group.jobs

    def wake_another(self) -> None:
        """One more thread, where jobs wait and one is to be had."""
        if self.waiting and self.active < self._slots:
            self._wake_one()

    def look_after(self) -> None:
        """Called now and then: where nothing has moved since the last look, more threads are woken."""
        head = self.waiting[0] if self.waiting else None
        if head is not None and head is self._last_seen:
            for _ in range(len(self.waiting)):
                if self.active >= self._slots:
                    break
                self._wake_one()
        self._last_seen = head

    def take_waiting(self) -> list[Job]:
        """Jobs that no thread has begun, taken away."""
        taken: list[Job] = []
        while True:
            try:
                item = self.waiting.popleft()
            except IndexError:
                return taken
            if isinstance(item, Rereading):
                taken.extend(self.opened(item))
            else:
                taken.append(item)

    def running(self) -> list[Job]:
        """Jobs whose functions run now."""
        return [job for runner in tuple(self._runners) if (job := runner.current) is not None]

    def close(self) -> None:
        """Let idle threads end; busy ones end with their functions, or with the process."""
        self.closed = True
        with self._lock:
            idle, self._idle = self._idle, []
        for runner in idle:
            runner.gate.release()

    def _wake_one(self) -> None:
        with self._lock:
            if self._idle:
                self._idle.pop().gate.release()
                return
            if len(self._runners) >= self._slots or self.closed:
                return
            runner = _Runner(self, self._hub)
            self._runners.add(runner)
        runner.start()

    def rest(self, runner: _Runner, *, only_if_others: bool) -> bool:
        """A thread wants to wait; True where it may."""
        with self._lock:
            if only_if_others and len(self._runners) - len(self._idle) < 2:
                return False
            if self.closed:
                self._runners.discard(runner)
                runner.gate.release()
                return True
            self._idle.append(runner)
        return True

    def abandon(self, runner: _Runner) -> None:
        """A thread whose function does not return is given up; another takes its place."""
        with self._lock:
            if runner not in self._runners:
                return
            self._runners.discard(runner)
            runner.abandoned = True
        logger.warning("a function did not return after its timeout; its thread was given up")
        self.wake_another()

    def read_rows(self, jobs: list[Job]) -> None:
        """Read the rows of jobs of one task, and put the jobs in front or where they run."""
        hub = self._hub
        live: list[Job] = []
        for job in jobs:
            if lost_to_others(job):
                hub.report(given_back(job, 0, None))
            elif job.row[0] in hub.stopping:
                hub.report(_stopped(job, hub))
            else:
                live.append(job)
        if not live:
            return
        try:
            with hub.lender.lent() as connection:
                ready, ended = reread(connection, live, hub.clock, hub.told)
        except (psycopg.Error, JitTaskError):
            for job in live:
                hub.report(given_back(job, 1.0, "the connection was lost before the run"))
            return
        except Exception as error:
            now = hub.clock.now_us()
            for job in live:
                hub.report(failed(job, now, error, hub.clock))
            return
        for end in ended:
            hub.report(end)
        here = [job for job in ready if job.recipe.kind in ("thread", "sql")]
        if len(here) < len(ready):
            self._route([job for job in ready if job.recipe.kind not in ("thread", "sql")])
        self.waiting.extendleft(reversed(here))


def _stopped(job: Job, hub: Hub) -> Ended:
    now = hub.clock.now_us()
    return Ended(job.batch, job.row[0], None, now, "cancelled", None, "cancelled before it ran")


class _Runner:
    def __init__(self, pool: Threads, hub: Hub) -> None:
        self._pool = pool
        self._hub = hub
        self.gate = threading.Semaphore(0)
        self.current: Job | None = None
        self.abandoned = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="jittask-runner", daemon=True).start()

    def _run(self) -> None:
        while not self.abandoned:
            try:
                self._drain()
            except Exception:
                logger.exception("a thread of the worker failed; it goes on")
            if self.abandoned:
                return
            if self._pool.rest(self, only_if_others=False):
                # Something may have come in between the last look and the rest.
                if self._pool.waiting:
                    self._pool.wake_another()
                self.gate.acquire()
            if self._pool.closed and not self._pool.waiting:
                return

    def _drain(self) -> None:
        hub, pool = self._hub, self._pool
        waiting, results, stopping, pace = pool.waiting, hub.results, hub.stopping, pool.pace
        now_us, monotonic, monotonic_ns = hub.clock.now_us, time.monotonic, time.monotonic_ns
        loads = json.loads
        count = 0
        mark = monotonic_ns()
        while not self.abandoned:
            try:
                job = waiting.popleft()
            except IndexError:
                break
            if isinstance(job, Rereading):
                pool.read_rows(pool.opened(job))
                mark = monotonic_ns()
                continue
            self.current = job
            batch, recipe, row, _, read = job
            if batch.lost or monotonic() > batch.safe_until:
                hub.report(given_back(job, 0, None))
                self.current = None
                continue
            if stopping and row[0] in stopping:
                hub.report(_stopped(job, hub))
                self.current = None
                continue
            if pace.mean > _QUICK and waiting:
                pool.wake_another()
            if recipe.plain:
                started = now_us()
                args = row[4]
                function = recipe.function
                assert function is not None
                try:
                    value = function() if args is None else function(**loads(args))
                except BaseException as error:
                    ended = failed(job, started, error, hub.clock)
                else:
                    ended = (
                        Ended(batch, row[0], started, now_us())
                        if value is None
                        else completed(job, started, value, hub.clock)
                    )
                if stopping and row[0] in stopping:
                    ended = noted(ended)
                results.append(ended)
            else:
                if read and monotonic() - read > _FRESH:
                    self.current = None
                    pool.add_rereading(self._stale(job), first=True)
                    continue
                run_here(hub, job, self._abandon)
            self.current = None
            count += 1
            passed = monotonic_ns() - mark
            if passed > _SIGNAL_AFTER_NS or not waiting or count >= _SIGNAL_COUNT:
                pace.ran(count, passed / 1e9)
                hub.wake_reporter()
                if hub.wants_room:
                    hub.wake_main()
                if pace.mean < _QUICK and pool.active > 1 and pool.rest(self, only_if_others=True):
                    self.gate.acquire()
                count = 0
                mark = monotonic_ns()
        if count:
            pace.ran(count, (monotonic_ns() - mark) / 1e9)
        hub.wake_reporter()

    def _abandon(self) -> None:
        self._pool.abandon(self)

    def _stale(self, first: Job) -> list[Job]:
        """A job whose row was read too long ago, with its like that wait behind it."""
        waiting = self._pool.waiting
        jobs = [first]
        most = self._pool.pace.worth(0.05)
        while len(jobs) < most:
            try:
                item = waiting.popleft()
            except IndexError:
                break
            if isinstance(item, Rereading) or item.recipe is not first.recipe:
                waiting.appendleft(item)
                break
            jobs.append(item)
        return jobs
