"""Starts worker processes, keeps them alive, and passes signals on; works as PID 1."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from threading import Thread
from types import FrameType
from typing import Any

from ..database import resolve_dsn
from ..errors import InvalidValueError, JitTaskError
from . import logs
from .options import WorkerOptions
from .process import Worker
from .spawn import Child, parent_pipe

__all__ = ["main", "run_workers"]

logger = logging.getLogger(__name__)

_REFUSED = 2
_STEADY_AFTER = 60.0
_LONGEST_PAUSE = 30.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_workers(options: WorkerOptions) -> int:
    """Run workers until they are told to stop by SIGTERM or SIGINT.

    One process for one database runs in place; otherwise, and where this is PID 1, which has to collect the
    orphans of the container, each runs in a process of its own, which is started again when it dies.

    Args:
        options: how to run.

    Returns:
        Exit code: 0, or 2 where a worker refused to start.

    Raises:
        InvalidValueError: options that cannot be.
        JitTaskError: the worker in place refuses to start.
    """
    _check(options)
    if len(options.dsns) * options.processes == 1 and os.getpid() != 1:
        worker = Worker(options, options.dsns[0])
        with _Signals(worker.stop):
            worker.run()
        return 0
    return _Supervisor(options).run()


def main(fd: int) -> None:
    """Entry point of a process below the supervisor.

    Args:
        fd: pipe to it.
    """
    pipe = parent_pipe(fd, dies_with_parent=False)
    # The terminal's Ctrl-C reaches the whole group; the supervisor says what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options: WorkerOptions
    options, levels = pipe.recv()
    logs.begin(levels)
    try:
        worker = Worker(options, options.dsns[0])
        Thread(target=_obey, args=(pipe, worker), name="jittask-parent", daemon=True).start()
        # A service manager may signal every process of the service, and the supervisor passes its own on: one
        # wish, told twice. Only the supervisor can ask for the second step.
        with _Signals(lambda: worker.stop(1), (signal.SIGTERM,)):
            worker.run()
    except JitTaskError as error:
        print(error, file=sys.stderr)  # noqa: T201  # the one thing this process has to say to people
        os._exit(_REFUSED)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of functions that did not return must not hold the end up.
    os._exit(0)


def _check(options: WorkerOptions) -> None:
    if not options.dsns:
        raise InvalidValueError("dsns is empty", None, "Name at least one database")
    for field in ("processes", "concurrency", "async_concurrency", "child_concurrency"):
        value = getattr(options, field)
        if value < 1:
            raise InvalidValueError(f'{field} is "{value}"', None, "Give 1 or more")
    if options.grace < 0:
        raise InvalidValueError(f'grace is "{options.grace}"', None, "Give seconds, 0 or more")
    if options.queues is not None and not (options.queues and all(options.queues)):
        raise InvalidValueError(
            f'queues is "{", ".join(options.queues)}"', None, "Name queues, or give None to serve them all"
        )
    for dsn in options.dsns:
        resolve_dsn(dsn)


def _obey(pipe: Pipe[Any, Any], worker: Worker) -> None:
    """Do what the supervisor says; when it is gone, end."""
    try:
        while True:
            worker.stop(pipe.recv())
    except (EOFError, OSError):
        worker.stop(1)


class _Signals:
    """Within it, SIGTERM and SIGINT call something; nothing changes outside the main thread."""

    def __init__(self, action: Callable[[], None], numbers: Sequence[signal.Signals] = _SIGNALS) -> None:
        self._action = action
        self._numbers = numbers
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for number in self._numbers:
            with suppress(ValueError):
                self._before[number] = signal.signal(number, self._act)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # pyright: ignore[reportArgumentType]

    def _act(self, _number: int, _frame: FrameType | None) -> None:
        self._action()


class _Slot:
    """One place for a process, with the pause before it is filled again."""

    def __init__(self, options: WorkerOptions, dsn: str, number: int) -> None:
        self.options = _for_one(options, dsn, number)
        self.child: Child | None = None
        self.started = 0.0
        self.pause = 0.5
        self.again_at = 0.0
        self.done = False

    def tell(self, stop_asked: int) -> None:
        """Have the process end; 2 = at once."""
        if self.child is not None:
            with suppress(OSError):
                self.child.pipe.send(stop_asked)


class _Supervisor:
    def __init__(self, options: WorkerOptions) -> None:
        self._slots = [
            _Slot(options, dsn, number)
            for number, dsn in enumerate(dsn for dsn in options.dsns for _ in range(options.processes))
        ]
        self._stop_asked = 0
        self._refused = False

    def run(self) -> int:
        with _Signals(self._stop):
            while not all(slot.done for slot in self._slots):
                for slot in self._slots:
                    self._look_after(slot)
                self._reap()
                time.sleep(0.05)
        return _REFUSED if self._refused else 0

    def _stop(self) -> None:
        self._stop_asked += 1
        for slot in self._slots:
            if slot.child is not None:
                slot.tell(self._stop_asked)

    def _look_after(self, slot: _Slot) -> None:
        if slot.done:
            return
        if slot.child is None:
            if self._stop_asked or self._refused:
                slot.done = True
            elif time.monotonic() >= slot.again_at:
                self._fill(slot)
            return
        code = slot.child.process.poll()
        if code is None:
            return
        slot.child.close()
        slot.child = None
        if code == 0 or self._stop_asked:
            slot.done = True
        elif code == _REFUSED:
            slot.done = self._refused = True
            self._stop()
        else:
            if time.monotonic() - slot.started > _STEADY_AFTER:
                slot.pause = 0.5
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            logger.error("a worker process ended %s; another starts in %g s", how, slot.pause)
            slot.again_at = time.monotonic() + slot.pause
            slot.pause = min(slot.pause * 2, _LONGEST_PAUSE)

    def _fill(self, slot: _Slot) -> None:
        slot.started = time.monotonic()
        slot.child = Child("jittask_pg.worker.supervisor", (slot.options, logs.levels()), own_session=False)
        if self._stop_asked:
            # The signal came while it was being started.
            slot.tell(self._stop_asked)

    def _reap(self) -> None:
        """As PID 1: collect orphans, which nobody else will."""
        if os.getpid() != 1:
            return
        ours = {slot.child.pid for slot in self._slots if slot.child is not None}
        with suppress(ChildProcessError):
            while True:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if found is None or found.si_pid in ours:
                    return
                os.waitpid(found.si_pid, os.WNOHANG)


def _for_one(options: WorkerOptions, dsn: str, number: int) -> WorkerOptions:
    alone = len(options.dsns) * options.processes == 1
    name = options.name if options.name is None or alone else f"{options.name}:{number + 1}"
    return replace(options, dsns=(dsn,), processes=1, name=name)
