"""Runs that are asked to end: by their timeout, by cancel, by the worker's own end."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from . import functions
from .conftest import Drain, Records, Running

Enqueue = Callable[..., int]


def test_a_coroutine_is_cancelled_at_its_timeout(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.coroutine", '{"seconds": 60}', timeout="100 ms")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["error"]) == ("timed_out", "ran longer than its timeout of 0.1 s")


def test_a_thread_that_looks_ends_at_its_timeout(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.watch", timeout="100 ms")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["result"]) == ("timed_out", "looked")
    assert kept["duration"].total_seconds() < 2


def test_a_thread_that_never_returns_is_given_up_and_replaced(
    enqueue: Enqueue, running: Running, record: Records
) -> None:
    stuck = enqueue("w.hold", '{"seconds": 60}', timeout="100 ms")
    with running(concurrency=1):
        kept = record(stuck, "timed_out")
        assert "did not return" in kept["error"]
        after = enqueue("w.echo", '{"n": 1}')
        assert record(after, "completed")["result"] == {"n": 1}


def test_a_coroutine_that_swallows_its_cancellation_is_given_up(
    enqueue: Enqueue, running: Running, record: Records
) -> None:
    stuck = enqueue("w.stubborn_coroutine", timeout="100 ms")
    with running():
        assert "did not let itself be cancelled" in record(stuck, "timed_out")["error"]


def test_a_timeout_uses_up_an_attempt(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.coroutine", '{"seconds": 60}', timeout="50 ms", max_attempts=2, retry_delay="0 s")
    drain()
    assert (record(occurrence)["status"], record(occurrence)["attempt"]) == ("timed_out", 2)


def test_cancel_ends_a_thread_that_looks(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.watch")
    with running():
        assert functions.begun.wait(10)
        told = time.monotonic()
        assert connection.execute("select jittask.cancel(%s)", [occurrence]).fetchone() == ("stopping",)
        kept = record(occurrence, "cancelled")
        assert time.monotonic() - told < 2
    assert (kept["error"], kept["result"]) == ("cancelled while it ran", "looked")


def test_cancel_ends_a_coroutine(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.coroutine", '{"seconds": 60}')
    with running():
        assert functions.begun.wait(10)
        connection.execute("select jittask.cancel(%s)", [occurrence])
        assert record(occurrence, "cancelled")["error"] == "cancelled while it ran"


def test_cancel_is_heard_without_notification_too(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.watch")
    with running(pooler=True):
        assert functions.begun.wait(10)
        connection.execute("select jittask.cancel(%s)", [occurrence])
        assert record(occurrence, "cancelled")["status"] == "cancelled"


def test_a_function_that_does_not_look_is_recorded_as_completed_with_a_note(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.hold")
    with running() as worker:
        assert functions.begun.wait(10)
        connection.execute("select jittask.cancel(%s)", [occurrence])
        while occurrence not in worker.stopping:
            time.sleep(0.01)
        functions.released.set()
        kept = record(occurrence, "completed")
    assert kept["error"] == "was asked to end while it ran, and went on to its end"


def test_the_end_of_a_worker_waits_for_what_runs(enqueue: Enqueue, running: Running, record: Records) -> None:
    occurrence = enqueue("w.hold")
    with running() as worker:
        assert functions.begun.wait(10)
        worker.stop()
        time.sleep(0.2)
        functions.released.set()
        assert record(occurrence, "completed")["attempt"] == 1


def test_what_does_not_end_within_the_grace_is_given_back_and_no_attempt_is_counted(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    running_one = enqueue("w.hold", '{"seconds": 60}', max_attempts=5)
    with running(grace=0.2, concurrency=1) as worker:
        assert functions.begun.wait(10)
        waiting_one = enqueue("w.hold", '{"seconds": 60}')
        worker.stop()
        for occurrence in (running_one, waiting_one):
            kept = record(occurrence, "pending")
            assert (kept["attempt"], kept["started_at"]) == (0, None)
    assert connection.execute("select count(*) from jittask.lease").fetchone() == (0,)
    assert connection.execute(
        "select count(*) from jittask.run_attempt where occurrence_id = any (%s)",
        [[running_one, waiting_one]],
    ).fetchone() == (0,)


def test_a_second_signal_ends_at_once(enqueue: Enqueue, running: Running, record: Records) -> None:
    occurrence = enqueue("w.hold", '{"seconds": 60}')
    with running(grace=60) as worker:
        assert functions.begun.wait(10)
        worker.stop()
        worker.stop()
        assert record(occurrence, "pending", seconds=3)["attempt"] == 0
