"""The scheduler that the documents' calls work on, and the caller's transaction that they join."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import TypeVar

from ..api import JitTask
from ..connections import AnyConnection, Rows, Steps, check_sync, drive
from ..statements.call import Call

__all__ = ["joined", "rows_of", "run", "scheduler", "transaction", "use"]

T = TypeVar("T")

joined: ContextVar[AnyConnection | None] = ContextVar("jittask_jitai_connection", default=None)
"""The connection of the `transaction` that the caller is in."""

_lock = Lock()
_jittask: JitTask | None = None


def use(jittask: JitTask | str) -> None:
    """Say which scheduler this package works on; without it, the one that ``JITTASK_DSN`` names.

    Args:
        jittask: a `JitTask`, or a connection string.
    """
    global _jittask
    with _lock:
        _jittask = jittask if isinstance(jittask, JitTask) else JitTask(jittask)


@contextmanager
def transaction(session: AnyConnection) -> Generator[None]:
    """Within it, every call of this package happens in the caller's transaction, and commits with it.

    Args:
        session: a SQLAlchemy Session or Connection, or a psycopg connection; never committed here.

    Raises:
        InvalidValueError: `session` is one of asyncio.

    Example:
        ``with jitai.transaction(session): createTemporaryTask("services.OrderSvc.autoCancel", {"id": 7})``
    """
    check_sync(session, "transaction")
    token = joined.set(session)
    try:
        yield
    finally:
        joined.reset(token)


def scheduler() -> JitTask:
    """The one that `use` named, else the one of ``JITTASK_DSN``."""
    global _jittask
    with _lock:
        if _jittask is None:
            _jittask = JitTask()
        return _jittask


def run(steps: Steps[T], connection: AnyConnection | None = None) -> T:
    """What the steps return: in the joined transaction, else on `connection`, else on one of its own."""
    caller = joined.get()
    chosen = connection if caller is None else caller
    return scheduler().run(steps) if chosen is None else drive(chosen, steps)


def rows_of(call: Call) -> Rows:
    """The rows that one call returns; see `run`."""

    def steps() -> Steps[Rows]:
        return (yield call)

    return run(steps())
