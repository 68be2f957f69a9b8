"""What the workers under test run."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from decimal import Decimal
from typing import Any

from jittask_pg.errors import UnreadableValueError
from jittask_pg.handlers import handler
from jittask_pg.outcomes import Cancel, Retry, Snooze

calls: list[Any] = []
begun = threading.Event()
released = threading.Event()


def reset() -> None:
    calls.clear()
    begun.clear()
    released.clear()


@handler(name="w.nothing")
def nothing() -> None:
    return None


@handler(name="w.echo")
def echo(**args: Any) -> Any:
    calls.append(args)
    return args


@handler(name="w.fail")
def fail(text: str = "no such order") -> None:
    raise ValueError(text)


@handler(name="w.needs")
def needs(order_id: int) -> int:
    return order_id


@handler(name="w.coroutine")
async def coroutine(seconds: float = 0.0) -> str:
    begun.set()
    await asyncio.sleep(seconds)
    return "awaited"


@handler(name="w.stubborn_coroutine")
async def stubborn_coroutine() -> str:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


@handler(name="w.hold")
def hold(seconds: float = 30.0) -> str:
    """Runs until the test says so."""
    begun.set()
    released.wait(seconds)
    return "held"


@handler(name="w.watch")
def watch(context: Any) -> str:
    """Looks whether it is asked to end."""
    begun.set()
    end = time.monotonic() + 20
    while not context.cancelled and time.monotonic() < end:
        time.sleep(0.01)
    return "looked"


@handler(name="w.about")
def about(context: Any) -> dict[str, Any]:
    context.logger.info("about to answer")
    context.progress(1, 2, "half")
    return {
        "occurrence_id": context.occurrence_id,
        "attempt": context.attempt,
        "nominal_at": context.nominal_at,
        "due_at": context.due_at,
        "missed": context.missed,
        "task_name": context.task_name,
        "source_key": context.source_key,
        "cancelled": context.cancelled,
        "beat": context.heartbeat(),
        "one": context.connection.execute("select 1").fetchone()[0],
    }


@handler(name="w.retry")
def retry(context: Any) -> str:
    if context.attempt < 3:
        raise Retry(after=0, reason=f"try {context.attempt}")
    return "third"


@handler(name="w.snooze")
def snooze(context: Any) -> str:
    calls.append(context.attempt)
    if len(calls) == 1:
        raise Snooze(0, "busy")
    return "awake"


@handler(name="w.call_off")
def call_off() -> None:
    raise Cancel("the order is paid")


@handler(name="w.spin")
def spin() -> None:
    while True:
        pass


@handler(name="w.where")
def where(context: Any) -> dict[str, Any]:
    return {"pid": os.getpid(), "attempt": context.attempt}


@handler(name="w.where_async")
async def where_async() -> int:
    await asyncio.sleep(0)
    return os.getpid()


@handler(name="w.die")
def die() -> None:
    os._exit(3)


@handler(name="w.take_memory")
def take_memory() -> int:
    return len(bytearray(2_000_000_000))


@handler(name="w.row")
def row(row: Any, **args: Any) -> Any:
    calls.append((row, args))
    return {"key": row.key, "columns": {name: str(type(value).__name__) for name, value in row.items()}}


@handler(name="w.book")
def book(row: Any, context: Any, fails: bool = False) -> int:
    context.connection.execute("insert into booking (order_id) values (%s)", [row.id])
    calls.append(row.id)
    if fails:
        raise RuntimeError("after the write")
    return row.id


@handler(name="w.strange")
def strange(which: str) -> Any:
    return {
        "nan": float("nan"),
        "nul": "a\x00b",
        "surrogate": "\ud800 lone, \U0001f600 whole",
        "decimal": Decimal("0.10000000000000000000000001"),
        "huge": 10**5000,
        "object": object,
        "long": "x" * 200_000,
        "deep": _deep(5000),
        "bytes": b"\x00\xff",
        "set": {3},
        "keys": {1: "a", (2, 3): "b"},
    }[which]


def _deep(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


@handler(name="w.strange_error")
def strange_error() -> None:
    raise ValueError("postgresql://me:secret@db/app \x00 \ud800 password=hunter2 " + "x" * 50_000)


@handler(name="w.stop")
def exits() -> None:
    raise SystemExit(3)


@handler(name="w.count_up")
def count_up(context: Any, calls: int = 1, total: Any = 10, message: str | None = None) -> str:
    """Tells how far it is, then runs on until the test says so."""
    for done in range(1, calls + 1):
        context.progress(done, total, message)
    begun.set()
    while not context.cancelled and not released.wait(0.01):
        pass
    return "counted"


@handler(name="w.count_up_and_spin")
def count_up_and_spin(context: Any, done: int = 3, total: int | None = None) -> None:
    """In a child process: tells twice in quick succession, then holds on for ever."""
    context.progress(1, total)
    context.progress(done, total, "rows")
    while True:
        time.sleep(60)


@handler(name="w.count_up_async")
async def count_up_async(context: Any) -> str:
    context.progress(Decimal("2.50"))
    while not released.is_set():
        await asyncio.sleep(0.01)
    return "counted"


@handler(name="w.row_id")
def row_id(row: Any, **args: Any) -> Any:
    """Reads one column only, and what needs no value at all."""
    return [row.id, len(row), "other" in row, sorted(row)]


@handler(name="w.row_other")
def row_other(row: Any, **args: Any) -> Any:
    return str(row.other)


@handler(name="w.row_guarded")
def row_guarded(row: Any, **args: Any) -> Any:
    try:
        return row["other"]
    except UnreadableValueError as error:
        return {error.column: error.text}


@handler(name="w.orphans")
def orphans(count: int = 30) -> None:
    """Leaves processes behind whose parents are gone."""
    for _ in range(count):
        os.system("sleep 0.05 &")


@handler(name="w.walk")
def walk() -> Any:
    yield calls.append("ran")


@handler(name="w.retry_after")
def retry_after(seconds: Any) -> None:
    raise Retry(after=seconds)


@handler(name="w.beat")
def beat(context: Any, seconds: float = 2.0) -> int:
    """Asks for renewal as often as it can."""
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end and context.heartbeat():
        count += 1
    return count
