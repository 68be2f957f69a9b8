"""How far a run has come, as its function tells it, in the record while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from jittask_pg.errors import InvalidValueError
from jittask_pg.statements.leases import Claimed
from jittask_pg.worker.context import Context

from . import functions
from .conftest import Drain, Records, Running

Enqueue = Callable[..., int]
Await = Callable[[str | int], dict[str, Any]]


@pytest.fixture
def told(record: Records) -> Await:
    """Waits until the record shows progress; returns it."""

    def look(which: str | int) -> dict[str, Any]:
        end = time.monotonic() + 10
        while True:
            shown = record(which, "executing")["progress"]
            if shown is not None:
                return shown
            assert time.monotonic() < end
            time.sleep(0.01)

    return look


def test_the_record_shows_it_while_the_function_runs(
    enqueue: Enqueue, running: Running, record: Records, told: Await
) -> None:
    occurrence = enqueue("w.count_up", '{"calls": 3, "message": "invoices"}')
    with running():
        shown = told(occurrence)
        at = datetime.fromisoformat(shown.pop("at"))
        assert shown == {"done": 3, "total": 10, "message": "invoices"}
        assert abs(datetime.now(UTC) - at) < timedelta(seconds=10)
        functions.released.set()
        assert record(occurrence, "completed")["progress"] is None


def test_runs_of_a_coroutine_and_of_other_leases_are_told_apart(
    enqueue: Enqueue, running: Running, told: Await
) -> None:
    first = enqueue("w.count_up", '{"total": null}')
    with running():
        assert {name: told(first)[name] for name in ("done",)} == {"done": 1}
        second = enqueue("w.count_up_async")
        assert told(second)["done"] == 2.5
        assert told(first)["done"] == 1


def test_a_child_process_tells_it_too_and_its_record_keeps_how_far_it_came(
    connection: psycopg.Connection, running: Running, record: Records, told: Await
) -> None:
    connection.execute(
        "insert into jittask.task (name, kind, handler, start_at, isolation, timeout) "
        "values ('spins', 'scheduled', 'w.count_up_and_spin', '2100-01-01Z', 'process', '3 s')"
    )
    row = connection.execute("select jittask.run_now('spins')").fetchone()
    assert row is not None
    with running():
        end = time.monotonic() + 10
        while told(row[0])["done"] != 3 and time.monotonic() < end:
            time.sleep(0.01)
        assert told(row[0])["message"] == "rows"
        assert record(row[0], "timed_out")["error"] == (
            "ran longer than its timeout of 3 s; its process was killed; progress 3 rows"
        )
    connection.execute("delete from jittask.task where name = 'spins'")


def test_telling_it_for_each_unit_writes_once_a_second_at_most(
    enqueue: Enqueue,
    running: Running,
    told: Await,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "jittask_pg.run")
    occurrence = enqueue("w.count_up", '{"calls": 50000, "total": 50000}')
    with running():
        before = _versions(connection)
        began = time.monotonic()
        assert functions.begun.wait(20)
        while told(occurrence)["done"] < 50_000:
            assert time.monotonic() - began < 20
        seconds = time.monotonic() - began
        # Renewals write the same row, every five seconds.
        assert _versions(connection) - before <= 3 + seconds * 1.2
    lines = [line.getMessage() for line in caplog.records if line.getMessage().startswith("progress")]
    assert lines[-1] == "progress 50000/50000"
    assert len(lines) <= 3 + seconds


def test_heartbeats_renew_twice_a_second_at_most(
    enqueue: Enqueue, running: Running, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.beat")
    with running():
        before = _versions(connection)
        assert record(occurrence, "completed")["result"] > 1000
        # Counters are told a moment later.
        time.sleep(1.1)
        assert 2 <= _versions(connection) - before <= 10


def _versions(connection: psycopg.Connection) -> int:
    """Updates of lease rows so far."""
    row = connection.execute(
        "select n_tup_upd from pg_stat_user_tables where relid = 'jittask.lease'::regclass"
    ).fetchone()
    assert row is not None
    return row[0]


def test_a_run_that_is_stopped_keeps_how_far_it_came(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.count_up", '{"calls": 4, "message": "invoices"}', timeout="100 ms")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["progress"]) == ("timed_out", None)
    assert kept["error"] == "ran longer than its timeout of 0.1 s; progress 4/10 invoices"


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [
        (1234567, 5_000_000, "1234567/5000000"),
        (0.1 + 0.2, None, "0.3"),
        (float("nan"), float("inf"), "nan/inf"),
        (10**400, None, "1.00000000000000e+400"),
        (True, 2, "1/2"),
    ],
)
def test_any_number_can_be_told(done: Any, total: Any, text: str) -> None:
    context = context_of()
    context.progress(done, total)
    assert context.told is not None
    assert context.told.text == text
    assert '"done"' in context.told.json(0)


def test_what_cannot_be_stored_is_cleaned_and_cut() -> None:
    context = context_of()
    context.progress(1, None, "a\x00b \ud800 password=hunter2 " + "x" * 10_000)
    assert context.told is not None
    assert context.told.message is not None
    assert "hunter2" not in context.told.message
    assert "\x00" not in context.told.message
    assert len(context.told.message) < 600


def test_what_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match='total is "many", which is no number'):
        context_of().progress(1, "many")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match='done is "sNaN", which is no number'):
        context_of().progress(Decimal("sNaN"))  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r'done is "10+/3", which is no number'):
        context_of().progress(Fraction(10**400, 3))  # type: ignore[arg-type]


def context_of() -> Context:
    return Context(
        Claimed(1, 1, 1, "f", None, "", 0, 0, 0, 1, 0, None),
        None,
        None,
    )
