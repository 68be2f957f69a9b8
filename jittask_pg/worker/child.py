"""Inside a child process of process isolation: runs one function after the other until its parent is gone."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from threading import Lock
from typing import Any, NamedTuple

from ..errors import JitTaskError
from ..handlers import Registry, import_modules, registry
from . import logs
from .batch import Batch, Ended, Job
from .clock import DatabaseClock
from .connect import Connector, Lender
from .hub import Hub
from .progress import EVERY, Told
from .recipe import Detail, Recipe, Recipes
from .run import run_here
from .spawn import parent_pipe

__all__ = ["ChildOptions", "Order", "main"]


class ChildOptions(NamedTuple):
    """What a child process is told first.

    Attributes:
        dsn: of the database, for the context's connection.
        pooler: as for the worker.
        imports: modules that register functions.
        allow: module prefixes.
        inline: whether it runs source.
        memory_limit: bytes of address space; None = no limit.
        log_levels: of the worker process.
    """

    dsn: str
    pooler: bool
    imports: tuple[str, ...]
    allow: tuple[str, ...]
    inline: bool
    memory_limit: int | None
    log_levels: logs.Levels


class Order(NamedTuple):
    """One run for a child process.

    Attributes:
        row: the occurrence.
        source_row: its source row, or None.
        handler: name of the function; None = source.
        detail: of the task.
        path: module and qualified name of the function in the parent, for one that was registered there only.
        offset_ns: the parent's clock.
    """

    row: tuple[Any, ...]
    source_row: Any
    handler: str | None
    detail: Detail
    path: tuple[str, str] | None
    offset_ns: int


def main(fd: int) -> None:
    """Entry point.

    Args:
        fd: pipe to the parent.
    """
    pipe = parent_pipe(fd, dies_with_parent=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options: ChildOptions = pipe.recv()
    logs.begin(options.log_levels)
    if options.memory_limit is not None:
        _limit_memory(options.memory_limit)
    clock = DatabaseClock()
    connector = Connector(options.dsn, "jittask child", pooler=options.pooler)
    hub = Hub(clock, Lender(connector))
    recipes = Recipes(registry, options.allow, inline=options.inline)
    problem: JitTaskError | None = None
    try:
        import_modules(options.imports)
    except JitTaskError as error:
        problem = error
    pipe.send(True)
    teller = _Teller(pipe, hub)
    hub.note = teller.note
    while True:
        try:
            order: Order = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        clock.offset_ns = order.offset_ns
        answer = _ended(hub, recipes, order, problem)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            teller.send(tuple(answer)[2:])
        except OSError:
            os._exit(0)


class _Teller:
    """Sends the parent how far the run has come, once a second at most, and the end of the run."""

    def __init__(self, pipe: Pipe[Any, Any], hub: Hub) -> None:
        self._pipe = pipe
        self._hub = hub
        self._lock = Lock()
        self._told_at = float("-inf")
        self._waits = False

    def note(self) -> None:
        """Tell before long; called by functions, in whatever thread."""
        if not self._waits:
            self._waits = True
            self._hub.deadlines.add(self._told_at + EVERY, self._tell)

    def send(self, answer: tuple[Any, ...]) -> None:
        """Send the end of the run."""
        with self._lock:
            self._pipe.send(answer)

    def _tell(self) -> None:
        self._waits = False
        self._told_at = time.monotonic()
        for run in tuple(self._hub.active.values()):
            told = run.context.told
            if told is not None:
                with self._lock, suppress(OSError):
                    self._pipe.send(Told(run.job.row[0], told.done, told.total, told.message))


def _ended(hub: Hub, recipes: Recipes, order: Order, problem: JitTaskError | None) -> Ended:
    # Leases are the parent's business: it has checked, and checks again when the answer comes.
    batch = Batch(0, 0, 1, 0.0, float("inf"))
    recipe = recipes.fitted(order.handler, order.detail._replace(isolation="thread", timeout_us=None))
    if recipe.function is None and order.path is not None:
        function = _by_path(*order.path)
        if function is not None:
            recipe = Recipes(Registry({order.handler or "run": function})).fitted(
                order.handler or "run", recipe.detail
            )
    job = Job(batch, recipe, order.row, order.source_row)
    if recipe.function is None:
        said = "; ".join(str(why) for why in (recipe.problem, problem) if why)
        now = hub.clock.now_us()
        return Ended(batch, order.row[0], now, now, "error", None, said)
    if recipe.kind == "async":
        recipe = _as_plain(recipe)
        job = job._replace(recipe=recipe)
    run_here(hub, job)
    return hub.results.popleft()


def _as_plain(recipe: Recipe) -> Recipe:
    import asyncio
    import functools

    function = recipe.function
    assert function is not None

    @functools.wraps(function)
    def wait(*args: Any, **kwargs: Any) -> Any:
        return asyncio.run(function(*args, **kwargs))

    plain = Recipe(recipe.handler, recipe.detail)
    plain.function, plain.wants_context = wait, recipe.wants_context
    return plain


def _by_path(module_name: str, path: str) -> Callable[..., Any] | None:
    if module_name == "__main__":
        return None
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception:
        return None
    return found if callable(found) else None


def _limit_memory(limit: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
