"""How runs end, for each kind of function."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest

from . import functions
from .conftest import Drain, Records

Enqueue = Callable[..., int]


def test_a_function_gets_its_args_as_keywords_and_its_return_value_is_kept(
    enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.echo", '{"order_id": 7, "note": "ü"}')
    drain()
    assert functions.calls == [{"order_id": 7, "note": "ü"}]
    kept = record(occurrence)
    assert (kept["status"], kept["result"], kept["attempt"]) == ("completed", {"order_id": 7, "note": "ü"}, 1)
    assert kept["started_at"] >= kept["due_at"]
    assert kept["finished_at"] >= kept["started_at"]


def test_a_coroutine_function_is_awaited(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.coroutine")
    drain()
    assert record(occurrence)["result"] == "awaited"


def test_an_error_is_recorded_with_the_line_that_raised_it(
    enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.fail")
    drain()
    kept = record(occurrence)
    assert kept["status"] == "error"
    assert kept["error"].endswith("ValueError: no such order")
    assert "raise ValueError(text)" in kept["error"]
    assert "worker/threads.py" not in kept["error"]


def test_system_exit_is_an_error_of_the_run(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.stop")
    drain()
    assert record(occurrence)["error"].endswith("SystemExit: 3")


def test_wrong_parameters_are_named_in_the_record(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    missing, unknown, inside = (
        enqueue("w.needs"),
        enqueue("w.needs", '{"order_id": 1, "colour": 2}'),
        enqueue("w.needs", '{"order_id": 1}'),
    )
    drain()
    assert record(missing)["error"] == (
        "handler \"w.needs\" does not take the call: missing a required argument: 'order_id'\n"
        "It was called with no arguments"
    )
    assert "unexpected keyword argument 'colour'" in record(unknown)["error"]
    assert record(inside)["status"] == "completed"


def test_the_context_tells_the_function_about_its_run(
    enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.about")
    drain()
    kept = record(occurrence)
    about = kept["result"]
    assert about["occurrence_id"] == occurrence
    assert (
        datetime.fromisoformat(about["due_at"])
        == kept["due_at"]
        == datetime.fromisoformat(about["nominal_at"])
    )
    assert (about["attempt"], about["missed"], about["task_name"], about["source_key"]) == (1, 0, None, None)
    assert (about["cancelled"], about["beat"], about["one"]) == (False, True, 1)


def test_a_function_may_ask_to_be_tried_again(
    enqueue: Enqueue, drain: Drain, record: Records, connection: psycopg.Connection
) -> None:
    occurrence = enqueue("w.retry")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["attempt"], kept["result"]) == ("completed", 3, "third")
    tries = connection.execute(
        "select attempt, outcome, error from jittask.run_attempt where occurrence_id = %s order by attempt",
        [occurrence],
    ).fetchall()
    assert tries == [(1, "error", "try 1"), (2, "error", "try 2")]


def test_a_snooze_counts_no_attempt(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.snooze")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["result"]) == ("completed", "awake")
    assert functions.calls == [1, 1]


def test_a_function_may_call_its_run_off(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.call_off")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["error"]) == ("cancelled", "the order is paid")


def test_errors_use_up_the_attempts(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.fail", max_attempts=3, retry_delay="0 s")
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["attempt"]) == ("error", 3)


@pytest.mark.parametrize(
    ("which", "stored"),
    [
        ("nan", "NaN"),
        ("nul", "a\ufffdb"),
        ("surrogate", "\ufffd lone, \U0001f600 whole"),
        ("bytes", "00ff"),
        ("set", [3]),
        ("keys", {"1": "a", "(2, 3)": "b"}),
    ],
)
def test_results_that_json_does_not_know_are_stored_all_the_same(
    which: str, stored: Any, enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.strange", f'{{"which": "{which}"}}')
    drain()
    kept = record(occurrence)
    assert (kept["status"], kept["result"]) == ("completed", stored)


def test_results_keep_every_digit_and_are_bounded(
    enqueue: Enqueue, drain: Drain, record: Records, connection: psycopg.Connection
) -> None:
    ids = {
        which: enqueue("w.strange", f'{{"which": "{which}"}}')
        for which in ("decimal", "huge", "object", "long", "deep")
    }
    drain()
    text = connection.execute(
        "select result::text from jittask.run_history where occurrence_id = %s", [ids["decimal"]]
    ).fetchone()
    assert text == ("0.10000000000000000000000001",)
    assert record(ids["huge"])["result"] == "a number of 16610 bits"
    assert record(ids["object"])["result"] == "<class 'object'>"
    assert record(ids["long"])["result"].endswith("… (cut: 200002 characters)")
    assert record(ids["deep"])["status"] == "completed"


def test_errors_are_scrubbed_and_bounded(enqueue: Enqueue, drain: Drain, record: Records) -> None:
    occurrence = enqueue("w.strange_error")
    drain()
    error = record(occurrence)["error"]
    assert "secret" not in error
    assert "hunter2" not in error
    assert "characters cut" in error
    assert len(error) < 17_000


def test_one_off_in_the_future_is_left_alone_by_a_drain(
    enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.nothing", due_at=datetime.fromisoformat("2100-01-01T00:00:00+00:00"))
    drain()
    assert record(occurrence)["status"] == "pending"


def test_ten_thousand_run_once_each(connection: psycopg.Connection, drain: Drain) -> None:
    connection.execute(
        "select jittask.enqueue_many('w.nothing', array_fill('{}'::jsonb, array[10000]), title => 'many')"
    )
    drain(processes=2)
    counts = connection.execute(
        "select count(*), count(distinct occurrence_id) from jittask.run_history where title = 'many' and outcome = 'completed'"
    ).fetchone()
    assert counts == (10000, 10000)
    assert connection.execute("select count(*) from jittask.lease").fetchone() == (0,)


def test_a_function_with_yield_is_refused_because_a_call_would_run_nothing_of_it(
    enqueue: Enqueue, drain: Drain, record: Records
) -> None:
    occurrence = enqueue("w.walk")
    drain()
    assert record(occurrence)["status"] == "error"
    assert '"w.walk" holds a yield' in record(occurrence)["error"]


@pytest.mark.parametrize("wait", ['"soon"', "1e300", "-1", "1e10"])
def test_a_wait_that_is_none_is_an_error_that_names_it(
    enqueue: Enqueue, drain: Drain, record: Records, wait: str
) -> None:
    occurrence = enqueue("w.retry_after", f'{{"seconds": {wait}}}')
    drain()
    kept = record(occurrence)
    assert kept["status"] == "error"
    assert "InvalidValueError: after is " in kept["error"]
