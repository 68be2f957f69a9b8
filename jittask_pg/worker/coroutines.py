"""``async def`` functions: all of them on one event loop, which has a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from contextlib import nullcontext

from ..database import Connection
from .batch import Ended, Job, given_back
from .call import arguments, completed, failed, stopped_text
from .capture import captured
from .hub import Hub, Run
from .pace import Pace
from .run import PATIENCE, begin, lost_to_others, with_stop

__all__ = ["Coroutines"]


class Coroutines:
    """The event loop of one worker process, started when first needed.

    Args:
        hub: of the worker.
        slots: coroutines at most.
    """

    def __init__(self, hub: Hub, slots: int) -> None:
        self._hub = hub
        self.pace = Pace(slots)
        self.waiting: deque[Job] = deque()
        self._running: dict[int, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = slots
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def load(self) -> int:
        """Jobs that wait or run."""
        return len(self.waiting) + len(self._running)

    def add(self, jobs: list[Job]) -> None:
        """Jobs to run, with their source rows where they take one."""
        self.waiting.extend(jobs)
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._run_loop, args=(self._loop,), name="jittask-loop", daemon=True
                ).start()
        self._loop.call_soon_threadsafe(self._begin_waiting)

    def take_waiting(self) -> list[Job]:
        """Jobs that were not begun, taken away."""
        taken: list[Job] = []
        while self.waiting:
            try:
                taken.append(self.waiting.popleft())
            except IndexError:
                break
        return taken

    def running(self) -> list[Job]:
        """Jobs whose functions run now."""
        return [run.job for run in tuple(self._running.values())]

    def close(self) -> None:
        """End the loop; what still runs on it ends with it."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()

    def _begin_waiting(self) -> None:
        hub = self._hub
        while self.waiting and len(self._running) < self._slots:
            try:
                job = self.waiting.popleft()
            except IndexError:
                return
            if lost_to_others(job):
                hub.report(given_back(job, 0, None))
                continue
            if job.row[0] in hub.stopping:
                hub.report(
                    Ended(
                        job.batch, job.row[0], None, hub.clock.now_us(), "cancelled", None,
                        "cancelled before it ran",
                    )
                )  # fmt: skip
                continue
            run = begin(hub, job)
            self._running[job.row[0]] = run
            task = asyncio.get_running_loop().create_task(self._whole(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _whole(self, run: Run) -> None:
        hub, job = self._hub, run.job
        loop = asyncio.get_running_loop()
        inner = loop.create_task(self._called(run))

        def cancel() -> None:
            loop.call_soon_threadsafe(inner.cancel)

        run.on_stop = cancel
        if run.stop_reason is not None:
            inner.cancel()
        began = time.monotonic()
        try:
            ended = await self._waited(run, inner)
        finally:
            self._running.pop(job.row[0], None)
            hub.active.pop(job.row[0], None)
        self.pace.ran(1, time.monotonic() - began)
        if run.ends():
            hub.report(ended)
        if self.waiting:
            self._begin_waiting()

    async def _waited(self, run: Run, inner: asyncio.Task[Ended]) -> Ended:
        timeout = run.job.recipe.timeout
        done, _ = await asyncio.wait({inner}, timeout=timeout)
        if not done:
            run.stop("timed_out")
            inner.cancel()
            done, _ = await asyncio.wait({inner}, timeout=PATIENCE)
            if not done:
                text = stopped_text(
                    run.job.recipe, "timed_out", " and did not let itself be cancelled", run.context.told
                )
                now = self._hub.clock.now_us()
                return Ended(run.job.batch, run.job.row[0], run.started_us, now, "timed_out", None, text)
        try:
            return inner.result()
        except BaseException as error:
            return failed(
                run.job, run.started_us, error, self._hub.clock, None, run.stop_reason, run.context.told
            )

    async def _called(self, run: Run) -> Ended:
        hub, job = self._hub, run.job
        recipe = job.recipe
        borrowed: list[Connection] = []
        with captured() if recipe.detail.capture_log else nullcontext() as capture:

            def borrow() -> Connection:
                borrowed.append(hub.lender.take())
                return borrowed[-1]

            run.context.connects_by(borrow)
            try:
                args = arguments(job)
                if recipe.wants_context and "context" not in args:
                    args["context"] = run.context
                assert recipe.function is not None
                called = (
                    recipe.function(job.source_row, **args) if recipe.takes_row else recipe.function(**args)
                )
                value = await called
            except BaseException as error:
                log = None if capture is None else capture.text()
                return failed(job, run.started_us, error, hub.clock, log, run.stop_reason, run.context.told)
            else:
                log = None if capture is None else capture.text()
                return with_stop(run, completed(job, run.started_us, value, hub.clock, log))
            finally:
                for connection in borrowed:
                    hub.lender.give(connection, used_by_function=True)
