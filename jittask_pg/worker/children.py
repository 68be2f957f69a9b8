"""Functions with process isolation: each runs in a child process that can be killed, kept for the next."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any

from ..handlers import registry
from .batch import Ended, Job, given_back
from .call import stopped_text
from .child import ChildOptions, Order
from .clock import DatabaseClock
from .hub import Hub, Run
from .pace import Pace
from .progress import Told, progress_of
from .run import begin, lost_to_others
from .spawn import Child

__all__ = ["Children"]

logger = logging.getLogger(__name__)

_MOST_RUNS = 1_000


class Children:
    """Child processes of one worker process, each with a thread that waits for it.

    Args:
        hub: of the worker.
        slots: child processes at most.
        options: what each is told.
    """

    def __init__(self, hub: Hub, slots: int, options: ChildOptions) -> None:
        self._hub = hub
        self._options = options
        self._slots = slots
        self.pace = Pace(slots)
        self.waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._keepers: list[_Keeper] = []
        self.closed = False

    def load(self) -> int:
        """Jobs that wait or run."""
        return len(self.waiting) + sum(keeper.run is not None for keeper in self._keepers)

    def add(self, jobs: list[Job]) -> None:
        """Jobs to run, with their source rows where they take one."""
        with self._changed:
            self.waiting.extend(jobs)
            idle = sum(keeper.waits for keeper in self._keepers)
            for _ in range(min(len(self.waiting) - idle, self._slots - len(self._keepers))):
                self._keepers.append(_Keeper(self, self._hub, self._options))
                self._keepers[-1].thread.start()
            self._changed.notify_all()

    def take(self, keeper: _Keeper) -> Job | None:
        """The next job for a keeper; None = the end."""
        with self._changed:
            keeper.waits = True
            while not self.waiting and not self.closed:
                self._changed.wait()
            keeper.waits = False
            return None if self.closed else self.waiting.popleft()

    def take_waiting(self) -> list[Job]:
        """Jobs that were not begun, taken away."""
        with self._changed:
            taken = list(self.waiting)
            self.waiting.clear()
        return taken

    def running(self) -> list[Job]:
        """Jobs whose functions run now."""
        return [run.job for keeper in self._keepers if (run := keeper.run) is not None]

    def close(self) -> None:
        """Kill all child processes."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        for keeper in self._keepers:
            keeper.kill()


class _Keeper:
    def __init__(self, pool: Children, hub: Hub, options: ChildOptions) -> None:
        self._pool = pool
        self._hub = hub
        self._options = options
        self._child: Child | None = None
        self._runs = 0
        self.run: Run | None = None
        self.waits = False
        self.thread = threading.Thread(target=self._work, name="jittask-keeper", daemon=True)

    def kill(self) -> None:
        """Kill the child process, if there is one."""
        child = self._child
        if child is not None:
            child.kill()

    def _work(self) -> None:
        hub = self._hub
        while True:
            job = self._pool.take(self)
            if job is None:
                break
            if lost_to_others(job):
                hub.report(given_back(job, 0, None))
                continue
            run = self.run = begin(hub, job)
            began = time.monotonic()
            try:
                ended = self._through_child(run)
            except Exception as error:
                logger.exception("a child process could not be used")
                ended = given_back(job, 1.0, f"no child process: {error}")
                self._drop()
            finally:
                hub.active.pop(job.row[0], None)
                self.run = None
            self._pool.pace.ran(1, time.monotonic() - began)
            if run.ends() and not self._pool.closed:
                hub.report(ended)
        self._drop()

    def _through_child(self, run: Run) -> Ended:
        job = run.job
        child = self._child
        if child is None or child.process.poll() is not None:
            child = self._child = Child("jittask_pg.worker.child", self._options, own_session=True)
            self._runs = 0
        self._runs += 1
        run.on_stop = child.kill
        if run.stop_reason is not None:
            child.kill()
        try:
            if self._runs == 1:
                # Its start and its imports are not the function's time.
                child.pipe.recv()
                run.started_us = self._hub.clock.now_us()
            child.pipe.send(self._order(job))
            answer = self._answer(run, child)
        except (EOFError, OSError):
            answer = None
        run.on_stop = None
        if answer is None:
            return self._died(run, child)
        if self._runs >= _MOST_RUNS:
            self._drop()
        return Ended(job.batch, job.row[0], *answer)

    def _answer(self, run: Run, child: Child) -> tuple[Any, ...]:
        """The end of a run, from its child process, which is killed when it takes too long.

        Raises:
            EOFError: the process is gone.
        """
        timeout = run.job.recipe.timeout
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            if until is not None and not child.pipe.poll(max(0.0, until - time.monotonic())):
                run.stop("timed_out")
                child.kill()
                until = None
            said = child.pipe.recv()
            if not isinstance(said, Told):
                return said
            if said.occurrence_id == run.job.row[0]:
                run.context.tell(progress_of(said.done, said.total, said.message))

    def _order(self, job: Job) -> Order:
        recipe, clock = job.recipe, self._hub.clock
        function = recipe.function
        path = None
        if function is not None and recipe.handler is not None and registry.get(recipe.handler) is function:
            path = (str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", "")))
        offset = clock.offset_ns if isinstance(clock, DatabaseClock) else 0
        return Order(job.row, job.source_row, recipe.handler, recipe.detail, path, offset)

    def _died(self, run: Run, child: Child) -> Ended:
        child.kill()
        child.close()
        code = child.process.returncode
        self._child = None
        reason = run.stop_reason
        if reason in ("timed_out", "cancelled"):
            text = stopped_text(run.job.recipe, reason, "; its process was killed", run.context.told)
            outcome = reason
        else:
            how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
            text, outcome = f"the child process ended {how} while the function ran", "error"
        now = self._hub.clock.now_us()
        return Ended(run.job.batch, run.job.row[0], run.started_us, now, outcome, None, text)

    def _drop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None
